// What a directory holds, copied into another: by descriptors, so that no symlink leads anywhere else.
namespace Skiff.Linux.Files;

/// <summary>Copies files with owner, permissions and times; symlinks and device nodes as such. Sockets are left out.</summary>
public static class TreeCopy
{
    /// <summary>Each level holds two descriptors open.</summary>
    const int DeepestLevel = 256;
    const int BufferSize = 64 << 10;

    /// <summary>The permissions and the owner of the directory itself are copied too.</summary>
    /// <param name="from">a directory, open for reading; its position is moved</param>
    /// <param name="to">an empty directory</param>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT; ELOOP: directories too deep</exception>
    public static void Contents(Fd from, Fd to) => Contents(from, to, new byte[BufferSize], 0);

    static void Contents(Fd from, Fd to, byte[] buffer, int level)
    {
        if (level > DeepestLevel)
            throw new ErrnoException("copy", null, Errno.ELOOP);
        foreach (DirectoryEntry entry in DirectoryReader.ReadAll(from))
        {
            if (FileAt.TryStatus(from, entry.Name, out FileStatus status) == Errno.None)
                One(from, to, entry.Name, status, buffer, level);
        }
        FileStatus own = FileAt.Status(from);
        FileAt.SetOwner(to, own.Uid, own.Gid);
        FileAt.SetMode(to, own.Mode);
        FileAt.SetTimes(to, own.Access, own.Modification);
    }

    static void One(Fd from, Fd to, byte[] name, in FileStatus status, byte[] buffer, int level)
    {
        switch (status.Kind)
        {
            case FileKind.Directory:
                Check(FileAt.TryOpenDirectory(from, name, out Fd? source), "open");
                using (source)
                {
                    Check(
                        FileAt.TryMakeDirectory(
                            to,
                            name,
                            0x1C0 /* 0700 */
                        ),
                        "mkdir"
                    );
                    Check(FileAt.TryOpenDirectory(to, name, out Fd? target), "open");
                    using (target)
                        Contents(source!, target!, buffer, level + 1);
                }
                return;
            case FileKind.Regular:
                Check(FileAt.TryOpenRead(from, name, out Fd? file), "open");
                using (file)
                {
                    Check(
                        FileAt.TryCreateFile(
                            to,
                            name,
                            0x180 /* 0600 */
                            ,
                            out Fd? copy
                        ),
                        "create"
                    );
                    using (copy)
                    {
                        Bytes(file!, copy!, buffer);
                        FileAt.SetOwner(copy!, status.Uid, status.Gid);
                        FileAt.SetMode(copy!, status.Mode);
                        FileAt.SetTimes(copy!, status.Access, status.Modification);
                    }
                }
                return;
            case FileKind.Symlink:
                Check(FileAt.TryMakeSymlink(to, name, FileAt.ReadLink(from, name)), "symlink");
                FileAt.SetOwner(to, name, status.Uid, status.Gid);
                return;
            case FileKind.Socket:
                return; // nobody listens to a copy
            default:
                Check(FileAt.TryMakeNode(to, name, (uint)status.Kind | status.Mode, status.Major, status.Minor), "mknod");
                FileAt.SetOwner(to, name, status.Uid, status.Gid);
                return;
        }
    }

    static void Bytes(Fd from, Fd to, byte[] buffer)
    {
        while (true)
        {
            int count = FdIo.TryRead(from, buffer, out Errno error);
            if (count < 0)
                throw new ErrnoException("read", null, error);
            if (count == 0)
                return;
            SafePath.WriteAll(to, buffer.AsSpan(0, count));
        }
    }

    static void Check(Errno errno, string call)
    {
        if (errno != Errno.None)
            throw new ErrnoException(call, null, errno);
    }
}
