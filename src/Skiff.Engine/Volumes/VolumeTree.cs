// Trees of files as volumes hold them: copied with everything that makes them what they are, and measured.
using System.Buffers;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Volumes;

/// <summary>Follows no symlink and opens no device; what is in a tree may come from an image or a container.</summary>
internal sealed class VolumeTree
{
    const int BlockBytes = 256 << 10;

    /// <summary>A directory on the way holds two descriptors.</summary>
    const int MaxDepth = 400;

    readonly Dictionary<(ulong Device, ulong Inode), (Fd Directory, byte[] Name)> links = [];
    readonly List<Fd> held = [];
    readonly CancellationToken cancellation;

    VolumeTree(CancellationToken cancellation) => this.cancellation = cancellation;

    /// <summary>Copies what is in a directory, and its owner, mode, times and attributes, to another, which is empty.</summary>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT ...; what was copied so far stays</exception>
    internal static void Copy(Fd from, Fd to, CancellationToken cancellation)
    {
        var copy = new VolumeTree(cancellation);
        try
        {
            copy.CopyDirectory(from, to, FileAt.Status(from), 0);
        }
        finally
        {
            foreach (var fd in copy.held)
                fd.Dispose();
        }
    }

    /// <summary>Bytes of the files in a directory; one with several names counts once. What vanishes meanwhile does not count.</summary>
    internal static long Bytes(string path, CancellationToken cancellation)
    {
        using var root = SafePath.OpenRoot(path);
        var seen = new HashSet<(ulong, ulong)>();
        return Sum(root, 0);

        long Sum(Fd directory, int depth)
        {
            long sum = 0;
            foreach (var (name, _) in DirectoryReader.ReadAll(directory))
            {
                cancellation.ThrowIfCancellationRequested();
                if (FileAt.TryStatus(directory, name, out var status) != Errno.None)
                    continue;
                if (status.Kind == FileKind.Regular && (status.Links == 1 || seen.Add((status.Device, status.Inode))))
                    sum += status.Size;
                if (
                    status.Kind == FileKind.Directory
                    && depth < MaxDepth
                    && FileAt.TryOpenDirectory(directory, name, out var below) == Errno.None
                )
                    using (below)
                        sum += Sum(below!, depth + 1);
            }
            return sum;
        }
    }

    void CopyDirectory(Fd from, Fd to, FileStatus status, int depth)
    {
        if (depth > MaxDepth)
            throw new ErrnoException("copy", "a tree of directories this deep", Errno.ENAMETOOLONG);
        foreach (var (name, _) in DirectoryReader.ReadAll(from))
        {
            cancellation.ThrowIfCancellationRequested();
            if (FileAt.TryStatus(from, name, out var entry) != Errno.None)
                continue; // gone meanwhile
            if (entry.Kind == FileKind.Directory)
            {
                Check(FileAt.TryMakeDirectory(to, name, 0x1c0), "mkdir", name); // 0700
                Check(FileAt.TryOpenDirectory(from, name, out var below), "open", name);
                using (below)
                {
                    Check(FileAt.TryOpenDirectory(to, name, out var made), "open", name);
                    using (made)
                        CopyDirectory(below!, made!, entry, depth + 1);
                }
            }
            else
                CopyFile(from, to, name, entry);
        }
        CopyAttributes(from, to);
        FileAt.SetOwner(to, status.Uid, status.Gid);
        FileAt.SetMode(to, status.Mode);
        FileAt.SetTimes(to, status.Access, status.Modification);
    }

    void CopyFile(Fd from, Fd to, byte[] name, FileStatus entry)
    {
        var identity = (entry.Device, entry.Inode);
        if (entry.Links > 1 && links.TryGetValue(identity, out var first))
        {
            Check(FileAt.TryLink(first.Directory, first.Name, to, name), "link", name);
            return;
        }
        switch (entry.Kind)
        {
            case FileKind.Regular:
                CopyContent(from, to, name, entry);
                break;
            case FileKind.Symlink:
                Check(FileAt.TryMakeSymlink(to, name, FileAt.ReadLink(from, name)), "symlink", name);
                FileAt.SetOwner(to, name, entry.Uid, entry.Gid);
                FileAt.SetTimes(to, name, entry.Access, entry.Modification);
                break;
            default:
                Check(FileAt.TryMakeNode(to, name, (uint)entry.Kind | 0x180, entry.Major, entry.Minor), "mknod", name);
                FileAt.SetOwner(to, name, entry.Uid, entry.Gid);
                FileAt.SetMode(to, name, entry.Mode);
                FileAt.SetTimes(to, name, entry.Access, entry.Modification);
                break;
        }
        if (entry.Links > 1)
        {
            var directory = FdIo.Duplicate(to);
            held.Add(directory);
            links[identity] = (directory, name);
        }
    }

    void CopyContent(Fd from, Fd to, byte[] name, FileStatus entry)
    {
        Check(FileAt.TryOpenRead(from, name, out var source), "open", name);
        using (source)
        {
            Check(FileAt.TryCreateFile(to, name, 0x180, out var copy), "create", name); // 0600
            using (copy)
            {
                byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
                try
                {
                    long length = 0;
                    int read;
                    while ((read = Read(source!, block)) > 0)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        // A hole stays one.
                        if (block.AsSpan(0, read).ContainsAnyExcept((byte)0))
                            SafePath.WriteAll(copy!, block.AsSpan(0, read));
                        else
                            FileAt.Seek(copy!, length + read);
                        length += read;
                    }
                    FileAt.SetLength(copy!, length);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(block);
                }
                FileAt.SetOwner(copy!, entry.Uid, entry.Gid);
                // After the owner: a change of owner takes setuid bits and capabilities away.
                FileAt.SetMode(copy!, entry.Mode);
                CopyAttributes(source!, copy!);
                FileAt.SetTimes(copy!, entry.Access, entry.Modification);
            }
        }
    }

    static int Read(Fd file, byte[] block)
    {
        int read = FdIo.TryRead(file, block.AsSpan(0, BlockBytes), out var error);
        return read >= 0 ? read : throw new ErrnoException("read", null, error);
    }

    static void CopyAttributes(Fd from, Fd to)
    {
        foreach (byte[] attribute in Xattr.List(from))
        {
            // Those of the overlay itself say nothing about the file.
            if (attribute.AsSpan().StartsWith("trusted.overlay."u8) || Xattr.Get(from, attribute) is not { } value)
                continue;
            var errno = Xattr.TrySet(to, attribute, value);
            if (errno is not (Errno.None or Errno.EOPNOTSUPP))
                throw new ErrnoException("fsetxattr", System.Text.Encoding.UTF8.GetString(attribute), errno);
        }
    }

    static void Check(Errno errno, string call, byte[] name)
    {
        if (errno != Errno.None)
            throw new ErrnoException(call, System.Text.Encoding.UTF8.GetString(name), errno);
    }
}
