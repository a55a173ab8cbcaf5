// The files that a build may copy: a directory, the user's own or what came as a tar.
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Build;

/// <summary>An open directory. Nothing outside of it is ever read.</summary>
public sealed class BuildContext : IDisposable
{
    readonly string? scratch;

    BuildContext(string path, string? scratch)
    {
        Path = path;
        this.scratch = scratch;
        Root = SafePath.OpenRoot(path);
    }

    internal string Path { get; }
    internal Fd Root { get; }

    /// <summary>Made for one build, and removed after it.</summary>
    internal bool IsScratch => scratch is not null;

    /// <summary>Device and inode.</summary>
    public (ulong Device, ulong Inode) Identity
    {
        get
        {
            var status = FileAt.Status(Root);
            return (status.Device, status.Inode);
        }
    }

    /// <exception cref="EngineException">NotFound</exception>
    public static BuildContext OpenDirectory(string path)
    {
        try
        {
            return new BuildContext(path, null);
        }
        catch (ErrnoException e)
        {
            throw EngineException.NotFound($"cannot open the build context {path}: {e.Message}");
        }
    }

    /// <summary>Unpacks a tar, compressed or not, to a directory of its own below the scratch directory.</summary>
    /// <exception cref="EngineException">InvalidParameter: no tar, or a hostile one; System: the disk is full</exception>
    internal static async Task<BuildContext> UnpackAsync(Stream tar, string scratch, CancellationToken cancellation)
    {
        string path = System.IO.Path.Combine(scratch, $"context-{Guid.NewGuid():N}");
        Directory.CreateDirectory(
            path,
            (UnixFileMode)0x1c0 /* 0700 */
        );
        var context = new BuildContext(path, path);
        try
        {
            await BlockingStream.RunAsync(() =>
            {
                context.Unpack(tar, cancellation);
                return true;
            });
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    void Unpack(Stream tar, CancellationToken cancellation)
    {
        try
        {
            using var blocking = new BlockingStream(tar, cancellation);
            using var plain = Compression.OpenDecompressor(blocking, out _);
            using var guarded = new SpaceGuard(plain, Path, SpaceGuard.ReserveOf(Path));
            using var applier = new LayerApplier(Root, new CopyInto([], KeepKinds: false, Owner: null));
            applier.Apply(new TarReader(guarded), cancellation);
        }
        catch (InvalidDataException e)
        {
            throw EngineException.Invalid(
                "cannot unpack the build context: " + e.Message.Replace("layer entry", "entry", StringComparison.Ordinal)
            );
        }
        catch (Exception e) when (DiskErrors.Applies(e))
        {
            throw DiskErrors.Explain(e, "cannot unpack the build context", Path);
        }
    }

    /// <summary>A whole text file, or null if there is none.</summary>
    /// <exception cref="EngineException">InvalidParameter: it is longer than that</exception>
    internal string? ReadText(string path, int maxBytes)
    {
        if (
            SafePath.TryOpen(
                Root,
                System.Text.Encoding.UTF8.GetBytes(ContextFiles.Clean(path)),
                0x800 /* O_NONBLOCK */
                ,
                0,
                Containment.InRoot,
                out var file
            ) != Errno.None
        )
            return null;
        using (file)
        {
            if (FileAt.Status(file!).Kind != FileKind.Regular)
                return null;
            byte[] content = new byte[maxBytes + 1];
            int length = 0;
            int read;
            while (length < content.Length && (read = FdIo.TryRead(file!, content.AsSpan(length), out _)) > 0)
                length += read;
            return length <= maxBytes
                ? System.Text.Encoding.UTF8.GetString(content, 0, length)
                : throw EngineException.Invalid($"{path} is longer than {maxBytes} bytes");
        }
    }

    public void Dispose()
    {
        Root.Dispose();
        if (scratch is not null && Directory.Exists(scratch))
            Directory.Delete(scratch, recursive: true);
    }
}
