// Archives that ADD unpacks.
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Build;

internal static class Archives
{
    const int TarBlock = 512;

    /// <summary>Told by its first bytes: a tar, or something compressed. As in Docker, a compressed file that is no tar is none.</summary>
    internal static bool IsArchive(SourceFile file)
    {
        if (file.Status.Kind != FileKind.Regular || file.Status.Size < 10)
            return false;
        try
        {
            using var stream = Open(file);
            byte[] block = new byte[TarBlock];
            using var plain = Compression.OpenDecompressor(stream, out _);
            return plain.ReadAtLeast(block, TarBlock, throwOnEndOfStream: false) == TarBlock && IsTarHeader(block);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <exception cref="EngineException">InvalidParameter: broken or hostile; System: the disk is full</exception>
    internal static void Unpack(Fd root, byte[] directory, SourceFile file, (uint, uint)? owner, CancellationToken cancellation)
    {
        string shown = file.Path;
        try
        {
            using var stream = Open(file);
            using var plain = Compression.OpenDecompressor(stream, out _);
            // Files in an archive keep their owners, unless --chown says otherwise.
            using var applier = new LayerApplier(
                root,
                new CopyInto(directory, KeepKinds: false, owner is (0, 0) ? null : owner) { KeepsItself = true }
            );
            applier.Apply(new TarReader(plain), cancellation);
        }
        catch (InvalidDataException e)
        {
            throw EngineException.Invalid(
                $"cannot unpack {shown}: " + e.Message.Replace("layer entry", "entry", StringComparison.Ordinal)
            );
        }
    }

    static FileStream Open(SourceFile file)
    {
        if (FileAt.TryOpenRead(file.Parent, file.Name, out var opened) is var errno and not Errno.None)
            throw new ErrnoException("open", file.Path, errno);
        using (opened)
            return new FileStream(
                new Microsoft.Win32.SafeHandles.SafeFileHandle((nint)FdIo.Duplicate(opened!).Release(), ownsHandle: true),
                FileAccess.Read
            );
    }

    /// <summary>By the checksum of the header: tar(5).</summary>
    static bool IsTarHeader(ReadOnlySpan<byte> block)
    {
        long sum = 0;
        for (int i = 0; i < block.Length; i++)
            sum += i is >= 148 and < 156 ? ' ' : block[i];
        long told = 0;
        foreach (byte b in block[148..156])
            if (b is >= (byte)'0' and <= (byte)'7')
                told = (told << 3) | (uint)(b - '0');
        return sum == told && block[0] != 0;
    }
}
