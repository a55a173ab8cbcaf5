// Paths below a directory that hostile data names: resolved by the kernel, never out of the directory.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>How a path is kept below its root.</summary>
public enum Containment
{
    /// <summary>A "..", an absolute symlink or a mount trick that leads out is an error (EXDEV).</summary>
    Beneath,

    /// <summary>The root is "/" to the path, as after chroot(2): ".." stops there, absolute symlinks start there.</summary>
    InRoot,

    /// <summary>As Beneath, and any symlink on the way is an error (ELOOP).</summary>
    NoSymlinks,
}

/// <summary>openat2(2) and whole writes.</summary>
public static unsafe class SafePath
{
    /// <summary>Longest path the kernel takes, with its closing NUL. PATH_MAX.</summary>
    public const int MaxPath = 4096;

    /// <summary>Longest name in a directory. NAME_MAX.</summary>
    public const int MaxName = 255;

    /// <summary>Opens a directory by its path in the host's tree, for *at calls and for reading; close-on-exec.</summary>
    /// <exception cref="ErrnoException">ENOENT, ENOTDIR</exception>
    public static Fd OpenRoot(string path)
    {
        int number = Libc.open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        Libc.Check(number, "open", path);
        return new Fd(number);
    }

    /// <summary>Opens a directory below a root; an empty path or "." is the root. Errors that callers branch on are returned.</summary>
    /// <returns>None, or ENOENT, ENOTDIR, ELOOP, EXDEV (it leads out of the root), ENAMETOOLONG ...</returns>
    public static Errno TryOpenDirectory(Fd root, ReadOnlySpan<byte> path, Containment containment, out Fd? directory) =>
        TryOpen(root, path, Libc.O_RDONLY | Libc.O_DIRECTORY, 0, containment, out directory);

    /// <summary>Opens an existing file or directory below a root for reading.</summary>
    /// <exception cref="ErrnoException">ENOENT, EXDEV (it leads out of the root), ELOOP ...</exception>
    public static Fd OpenRead(Fd root, string path, Containment containment)
    {
        Errno errno = TryOpen(root, Encoding.UTF8.GetBytes(path), Libc.O_RDONLY | Libc.O_NONBLOCK, 0, containment, out var fd);
        return errno == Errno.None ? fd! : throw new ErrnoException("openat2", path, errno);
    }

    /// <summary>Takes hold of what a path leads to, through all symlinks, without opening it. O_PATH.</summary>
    /// <returns>as TryOpenDirectory</returns>
    public static Errno TryHold(Fd root, ReadOnlySpan<byte> path, Containment containment, out Fd? held) =>
        TryOpen(root, path, Libc.O_PATH, 0, containment, out held);

    /// <summary>openat2(2) with the flags of open(2); close-on-exec is added.</summary>
    public static Errno TryOpen(Fd root, ReadOnlySpan<byte> path, int flags, uint mode, Containment containment, out Fd? fd)
    {
        fd = null;
        if (path.Length >= MaxPath)
            return Errno.ENAMETOOLONG;
        if (path.IsEmpty)
            path = "."u8;
        if (path.Contains((byte)0))
            return Errno.EINVAL;
        var how = new Libc.OpenHow
        {
            Flags = (ulong)(flags | Libc.O_CLOEXEC),
            Mode = mode,
            Resolve =
                Libc.RESOLVE_NO_MAGICLINKS
                | containment switch
                {
                    Containment.Beneath => Libc.RESOLVE_BENEATH,
                    Containment.InRoot => Libc.RESOLVE_IN_ROOT,
                    _ => Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS,
                },
        };
        byte* z = stackalloc byte[path.Length + 1];
        path.CopyTo(new Span<byte>(z, path.Length));
        z[path.Length] = 0;
        while (true)
        {
            int number = Libc.openat2(root.Number, z, &how);
            if (number != -1)
            {
                fd = new Fd(number);
                return Errno.None;
            }
            Errno errno = Libc.LastErrno;
            // EAGAIN: a rename somewhere made the kernel unsure that ".." stayed inside. openat2(2) says to try again.
            if (errno is not (Errno.EINTR or Errno.EAGAIN))
                return errno;
        }
    }

    /// <summary>Writes all bytes.</summary>
    /// <exception cref="ErrnoException">ENOSPC, EDQUOT, EFBIG, EIO</exception>
    public static void WriteAll(Fd fd, ReadOnlySpan<byte> bytes, string? subject = null)
    {
        while (!bytes.IsEmpty)
        {
            int count = FdIo.TryWrite(fd, bytes, out Errno errno);
            if (count < 0)
                throw new ErrnoException("write", subject, errno);
            bytes = bytes[count..];
        }
    }
}
