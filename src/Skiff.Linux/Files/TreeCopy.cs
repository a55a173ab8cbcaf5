// A tree of files, copied with everything that makes them what they are.
using System.Buffers;

namespace Skiff.Linux.Files;

/// <summary>What is different in the copy.</summary>
public sealed record TreeCopyOptions
{
    public static readonly TreeCopyOptions Same = new();

    /// <summary>Everything belongs to them; null: to whom it belongs in the source.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>The twelve bits that a file or directory gets, of those that it has; null: the same.</summary>
    public Func<FileStatus, uint>? Mode { get; init; }

    /// <summary>Paths below the source ("a/b") that are not copied; for a directory, with all in it.</summary>
    public Func<string, bool, bool>? Skips { get; init; }
}

/// <summary>Follows no symlink and opens no device; what is in a tree may come from an image or a container.</summary>
public sealed class TreeCopy
{
    const int BlockBytes = 256 << 10;

    /// <summary>A directory on the way holds two descriptors.</summary>
    const int MaxDepth = 400;

    readonly Dictionary<(ulong Device, ulong Inode), (Fd Directory, byte[] Name)> links = [];
    readonly List<Fd> held = [];
    readonly CancellationToken cancellation;

    readonly TreeCopyOptions options;

    TreeCopy(TreeCopyOptions options, CancellationToken cancellation)
    {
        this.options = options;
        this.cancellation = cancellation;
    }

    /// <summary>
    /// Copies what is in a directory to another. Where that has the same names, directories are merged, files replaced.
    /// </summary>
    /// <param name="itself">with the owner, mode, times and attributes of the directory</param>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT ...; what was copied so far stays</exception>
    public static void Copy(Fd from, Fd to, bool itself, TreeCopyOptions options, CancellationToken cancellation)
    {
        var copy = new TreeCopy(options, cancellation);
        try
        {
            copy.CopyDirectory(from, to, itself ? FileAt.Status(from) : null, "", 0);
        }
        finally
        {
            foreach (var fd in copy.held)
                fd.Dispose();
        }
    }

    /// <summary>One entry, with all below it if it is a directory, under another name. A file that has the name is replaced.</summary>
    /// <exception cref="ErrnoException">EISDIR, ENOTDIR: the other kind has the name; else as Copy</exception>
    public static void CopyEntry(
        Fd from,
        ReadOnlySpan<byte> name,
        Fd to,
        byte[] newName,
        TreeCopyOptions options,
        CancellationToken cancellation
    )
    {
        var copy = new TreeCopy(options, cancellation);
        try
        {
            byte[] source = name.ToArray();
            if (FileAt.TryStatus(from, source, out var status) is var errno and not Errno.None)
                throw new ErrnoException("stat", System.Text.Encoding.UTF8.GetString(name), errno);
            copy.CopyEntry(from, to, source, newName, status, "", 0);
        }
        finally
        {
            foreach (var fd in copy.held)
                fd.Dispose();
        }
    }

    void CopyDirectory(Fd from, Fd to, FileStatus? attributes, string path, int depth)
    {
        if (depth > MaxDepth)
            throw new ErrnoException("copy", "a tree of directories this deep", Errno.ENAMETOOLONG);
        foreach (var (name, _) in DirectoryReader.ReadAll(from))
        {
            cancellation.ThrowIfCancellationRequested();
            if (FileAt.TryStatus(from, name, out var entry) != Errno.None)
                continue; // gone meanwhile
            string inside = path + System.Text.Encoding.UTF8.GetString(name);
            if (options.Skips?.Invoke(inside, entry.Kind == FileKind.Directory) != true)
                CopyEntry(from, to, name, name, entry, inside + "/", depth);
        }
        if (attributes is not { } status)
            return;
        CopyAttributes(from, to);
        SetOwner(to, status);
        FileAt.SetMode(to, ModeOf(status));
        FileAt.SetTimes(to, status.Access, status.Modification);
    }

    void CopyEntry(Fd from, Fd to, byte[] name, byte[] newName, FileStatus entry, string path, int depth)
    {
        if (entry.Kind == FileKind.Directory)
        {
            var made = FileAt.TryMakeDirectory(to, newName, 0x1c0); // 0700
            if (made != Errno.EEXIST)
                Check(made, "mkdir", newName);
            Check(FileAt.TryOpenDirectory(from, name, out var below), "open", name);
            using (below)
            {
                Check(FileAt.TryOpenDirectory(to, newName, out var copy), "open", newName);
                using (copy)
                    CopyDirectory(below!, copy!, entry, path, depth + 1);
            }
            return;
        }
        CopyFile(from, to, name, newName, entry);
    }

    /// <summary>Makes an entry; a file that has the name is replaced.</summary>
    static void Make(Fd to, byte[] name, string call, Func<Errno> make)
    {
        var made = make();
        if (made == Errno.EEXIST)
        {
            Check(FileAt.TryRemove(to, name, isDirectory: false), "replace", name);
            made = make();
        }
        Check(made, call, name);
    }

    void SetOwner(Fd file, FileStatus status)
    {
        var (uid, gid) = options.Owner ?? (status.Uid, status.Gid);
        FileAt.SetOwner(file, uid, gid);
    }

    uint ModeOf(FileStatus status) => options.Mode?.Invoke(status) ?? status.Mode;

    void CopyFile(Fd from, Fd to, byte[] name, byte[] newName, FileStatus entry)
    {
        var identity = (entry.Device, entry.Inode);
        if (entry.Links > 1 && links.TryGetValue(identity, out var first))
        {
            Make(to, newName, "link", () => FileAt.TryLink(first.Directory, first.Name, to, newName));
            return;
        }
        var (uid, gid) = options.Owner ?? (entry.Uid, entry.Gid);
        switch (entry.Kind)
        {
            case FileKind.Regular:
                CopyContent(from, to, name, newName, entry);
                break;
            case FileKind.Symlink:
                byte[] target = FileAt.ReadLink(from, name);
                Make(to, newName, "symlink", () => FileAt.TryMakeSymlink(to, newName, target));
                FileAt.SetOwner(to, newName, uid, gid);
                FileAt.SetTimes(to, newName, entry.Access, entry.Modification);
                break;
            default:
                Make(
                    to,
                    newName,
                    "mknod",
                    () => FileAt.TryMakeNode(to, newName, (uint)entry.Kind | 0x180, entry.Major, entry.Minor)
                );
                FileAt.SetOwner(to, newName, uid, gid);
                FileAt.SetMode(to, newName, ModeOf(entry));
                FileAt.SetTimes(to, newName, entry.Access, entry.Modification);
                break;
        }
        if (entry.Links > 1)
        {
            var directory = FdIo.Duplicate(to);
            held.Add(directory);
            links[identity] = (directory, newName);
        }
    }

    void CopyContent(Fd from, Fd to, byte[] name, byte[] newName, FileStatus entry)
    {
        Check(FileAt.TryOpenRead(from, name, out var source), "open", name);
        using (source)
        {
            Fd? copy = null;
            Make(to, newName, "create", () => FileAt.TryCreateFile(to, newName, 0x180, out copy)); // 0600
            using (copy)
            {
                byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
                try
                {
                    long length = 0;
                    bool endsInHole = false;
                    int read;
                    // A file of the size that was told is not asked for more.
                    while ((length == 0 || length != entry.Size) && (read = Read(source!, block)) > 0)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        // A hole stays one.
                        endsInHole = !block.AsSpan(0, read).ContainsAnyExcept((byte)0);
                        if (endsInHole)
                            FileAt.Seek(copy!, length + read);
                        else
                            SafePath.WriteAll(copy!, block.AsSpan(0, read));
                        length += read;
                    }
                    if (endsInHole)
                        FileAt.SetLength(copy!, length);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(block);
                }
                SetOwner(copy!, entry);
                // After the owner: a change of owner takes setuid bits and capabilities away.
                FileAt.SetMode(copy!, ModeOf(entry));
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
