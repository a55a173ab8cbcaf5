// Removes a directory with everything in it. Follows no symlink and enters no mount.
using System.Text;

namespace Skiff.Linux.Files;

public sealed class TreeRemoval
{
    // Each level holds one descriptor; hostile trees can be deeper than a process may hold files open.
    const int MaxDepth = 200;

    readonly Fd top;
    readonly ulong mount;
    readonly byte[] name;
    readonly Queue<byte[]> lifted = new();
    int counter;

    TreeRemoval(Fd top, byte[] name)
    {
        this.top = top;
        this.name = name;
        mount = FileAt.Status(top).MountId;
    }

    /// <summary>
    /// Removes the tree at a path; nothing happens if it does not exist. A file is removed as well. Works at any depth.
    /// </summary>
    /// <exception cref="ErrnoException">EBUSY: something is mounted in there; what could be removed is gone</exception>
    public static void Remove(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string? parent = Path.GetDirectoryName(path);
        if (parent is null || !Directory.Exists(parent))
            return;
        using var top = SafePath.OpenRoot(parent);
        Remove(top, Encoding.UTF8.GetBytes(Path.GetFileName(path)));
    }

    /// <summary>As the other, for a name in an open directory.</summary>
    public static void Remove(Fd top, ReadOnlySpan<byte> name)
    {
        var removal = new TreeRemoval(top, name.ToArray());
        removal.RemoveEntry(top, new DirectoryEntry(removal.name, null), 0);
        while (removal.lifted.TryDequeue(out var next))
            removal.RemoveEntry(top, new DirectoryEntry(next, null), 0);
    }

    void RemoveEntry(Fd directory, DirectoryEntry entry, int depth)
    {
        if (entry.Kind is not FileKind.Directory)
        {
            Errno errno = FileAt.TryRemove(directory, entry.Name, isDirectory: false);
            if (errno is Errno.None or Errno.ENOENT)
                return;
            if (errno != Errno.EISDIR)
                throw Failed(entry.Name, errno);
        }

        if (depth > MaxDepth)
        {
            Lift(directory, entry.Name);
            return;
        }
        Errno opening = FileAt.TryOpenDirectory(directory, entry.Name, out var opened);
        if (opening == Errno.ENOENT)
            return;
        if (opening != Errno.None)
            throw Failed(entry.Name, opening);
        using (var inner = opened!)
        {
            // Whatever is mounted here belongs to somebody else.
            if (FileAt.Status(inner).MountId != mount)
                throw Failed(entry.Name, Errno.EBUSY);
            foreach (var child in DirectoryReader.ReadAll(inner))
                RemoveEntry(inner, child, depth + 1);
        }
        Errno removal = FileAt.TryRemove(directory, entry.Name, isDirectory: true);
        if (removal is not (Errno.None or Errno.ENOENT))
            throw Failed(entry.Name, removal);
    }

    // Too deep to walk into: the subtree moves up beside the top and has its turn later.
    void Lift(Fd directory, byte[] deep)
    {
        byte[] free;
        do free = [.. name, .. Encoding.ASCII.GetBytes($".{counter++}")];
        while (FileAt.TryStatus(top, free, out _) != Errno.ENOENT);
        Errno errno = FileAt.TryRename(directory, deep, top, free);
        if (errno == Errno.None)
            lifted.Enqueue(free);
        else if (errno != Errno.ENOENT)
            throw Failed(deep, errno);
    }

    static ErrnoException Failed(byte[] name, Errno errno) => new("unlinkat", Encoding.UTF8.GetString(name), errno);
}
