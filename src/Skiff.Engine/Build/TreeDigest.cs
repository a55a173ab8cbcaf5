// What is in a tree of files, as a digest: for the keys of steps, and for saying which file changed.
using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

/// <summary>Of content, kind, mode and, where they count, owners; never of times. Made once for one source.</summary>
/// <param name="owners">of files that are not the client's</param>
/// <param name="skips">as TreeCopyOptions.Skips</param>
/// <param name="known">of files that stay where they are between builds; null: all are read</param>
internal sealed class TreeDigest(
    bool owners,
    Func<string, bool, bool>? skips,
    ContentDigests? known,
    CancellationToken cancellation
)
{
    const int MaxFiles = 2_000_000;
    const int BlockBytes = 128 << 10;

    /// <summary>One line a file: "length of its path:path kind mode content owner", the path in bytes below the source.</summary>
    readonly ArrayBufferWriter<byte> lines = new(4 << 10);
    int files;

    internal string Of(SourceFile source)
    {
        Add(source.Parent, source.Name, [], source.Status);
        return Convert.ToHexStringLower(SHA256.HashData(lines.WrittenSpan));
    }

    /// <summary>Each file that is no directory, by its path below the source, with what tells it from another.</summary>
    internal IEnumerable<(string Path, string Value)> Files()
    {
        var rest = lines.WrittenMemory;
        while (!rest.IsEmpty)
        {
            _ = Utf8Parser.TryParse(rest.Span, out int length, out int digits); // we wrote it
            string path = Encoding.UTF8.GetString(rest.Span.Slice(digits + 1, length));
            rest = rest[(digits + 1 + length)..];
            int end = rest.Span.IndexOf((byte)'\n');
            string value = Encoding.ASCII.GetString(rest.Span[..end]);
            rest = rest[(end + 1)..];
            if (!value.StartsWith($" {(uint)FileKind.Directory} ", StringComparison.Ordinal))
                yield return (path, value);
        }
    }

    void Add(Fd directory, byte[] name, byte[] inside, FileStatus status)
    {
        if (++files > MaxFiles)
            throw EngineException.Invalid($"more than {MaxFiles} files to copy");
        Write(inside.Length);
        lines.Write(":"u8);
        lines.Write(inside);
        lines.Write(" "u8);
        Write((uint)status.Kind);
        lines.Write(" "u8);
        Write(status.Mode);
        lines.Write(" "u8);
        switch (status.Kind)
        {
            case FileKind.Regular:
                WriteHex(known?.Find(status) ?? ContentOf(directory, name, status));
                break;
            case FileKind.Symlink:
                WriteHex(FileAt.ReadLink(directory, name));
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                Write(status.Major);
                lines.Write(":"u8);
                Write(status.Minor);
                break;
        }
        lines.Write(" "u8);
        if (owners)
        {
            Write(status.Uid);
            lines.Write(":"u8);
            Write(status.Gid);
        }
        lines.Write("\n"u8);
        if (status.Kind == FileKind.Directory && FileAt.TryOpenDirectory(directory, name, out var opened) == Errno.None)
            using (opened)
                AddBelow(opened!, inside);
    }

    void AddBelow(Fd directory, byte[] inside)
    {
        cancellation.ThrowIfCancellationRequested();
        var entries = DirectoryReader.ReadAll(directory);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var (name, _) in entries)
        {
            if (FileAt.TryStatus(directory, name, out var status) != Errno.None)
                continue; // gone meanwhile
            byte[] next = inside.Length == 0 ? name : [.. inside, (byte)'/', .. name];
            if (skips?.Invoke(Encoding.UTF8.GetString(next), status.Kind == FileKind.Directory) != true)
                Add(directory, name, next, status);
        }
    }

    byte[] ContentOf(Fd directory, byte[] name, FileStatus status)
    {
        if (FileAt.TryOpenRead(directory, name, out var file) is var errno and not Errno.None)
            throw new ErrnoException("open", Encoding.UTF8.GetString(name), errno);
        using (file)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
            try
            {
                int read;
                while ((read = FdIo.TryRead(file!, block, out errno)) > 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    hash.AppendData(block, 0, read);
                }
                if (read < 0)
                    throw new ErrnoException("read", Encoding.UTF8.GetString(name), errno);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
            }
            byte[] digest = hash.GetHashAndReset();
            known?.Remember(status, digest);
            return digest;
        }
    }

    void Write(long number)
    {
        _ = Utf8Formatter.TryFormat(number, lines.GetSpan(20), out int length);
        lines.Advance(length);
    }

    void WriteHex(ReadOnlySpan<byte> bytes)
    {
        var hex = lines.GetSpan(bytes.Length * 2);
        _ = Convert.TryToHexStringLower(bytes, hex, out int length);
        lines.Advance(length);
    }
}
