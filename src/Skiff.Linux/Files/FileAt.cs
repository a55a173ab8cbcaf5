// The *at calls: one name in an open directory, as bytes. None of them follows a symlink in that name.
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>
/// Makes, changes and removes what a directory holds. Names are single components without NUL; "." stands for the
/// directory itself where that makes sense. Methods that begin with Try return the error; the others throw.
/// </summary>
public static unsafe class FileAt
{
    /// <summary>Creates a regular file that must not exist, open for writing. The umask applies to the mode.</summary>
    /// <returns>None, or EEXIST, ENOSPC, EDQUOT ...</returns>
    public static Errno TryCreateFile(Fd directory, ReadOnlySpan<byte> name, uint mode, out Fd? file)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        int number;
        do number = Libc.openat(
            directory.Number,
            z,
            Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_CLOEXEC,
            mode
        );
        while (number == -1 && Libc.LastErrno == Errno.EINTR);
        file = number == -1 ? null : new Fd(number);
        return number == -1 ? Libc.LastErrno : Errno.None;
    }

    /// <summary>Opens a directory that is right here and no symlink.</summary>
    /// <returns>None, or ENOENT, ENOTDIR (also for a symlink)</returns>
    public static Errno TryOpenDirectory(Fd directory, ReadOnlySpan<byte> name, out Fd? opened) =>
        TryOpen(directory, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, out opened);

    /// <summary>Opens a file that is right here for reading, without waiting for a fifo's writer.</summary>
    /// <returns>None, or ENOENT, ELOOP (a symlink), ENXIO (a socket)</returns>
    public static Errno TryOpenRead(Fd directory, ReadOnlySpan<byte> name, out Fd? opened) =>
        TryOpen(directory, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_NOCTTY, out opened);

    /// <summary>Takes hold of whatever has the name, a symlink too, without opening it: no device hears of it. O_PATH.</summary>
    /// <returns>None, or ENOENT</returns>
    public static Errno TryHold(Fd directory, ReadOnlySpan<byte> name, out Fd? held) =>
        TryOpen(directory, name, Libc.O_PATH | Libc.O_NOFOLLOW, out held);

    /// <summary>Opens for reading what <see cref="TryHold"/> took hold of: surely that, whatever has the name by now.</summary>
    public static Fd OpenHeld(Fd held) =>
        new(
            (int)
                Libc.Check(Libc.open($"/proc/self/fd/{held.Number}", Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0), "open")
        );

    /// <summary>The umask applies to the mode.</summary>
    /// <returns>None, or EEXIST, ENOSPC, EDQUOT ...</returns>
    public static Errno TryMakeDirectory(Fd directory, ReadOnlySpan<byte> name, uint mode)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        return Result(Libc.mkdirat(directory.Number, z, mode));
    }

    public static Errno TryMakeSymlink(Fd directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        byte* t = stackalloc byte[Bounded(target) + 1];
        Terminate(target, t);
        return Result(Libc.symlinkat(t, directory.Number, z));
    }

    /// <summary>Makes a hard link. The old name is linked itself where it is a symlink.</summary>
    public static Errno TryLink(Fd oldDirectory, ReadOnlySpan<byte> oldName, Fd directory, ReadOnlySpan<byte> name)
    {
        byte* o = stackalloc byte[Bounded(oldName) + 1];
        Terminate(oldName, o);
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        return Result(Libc.linkat(oldDirectory.Number, o, directory.Number, z, 0));
    }

    /// <summary>Makes a device, fifo, socket or file. <paramref name="mode"/> has the kind in S_IFMT and the permission bits.</summary>
    public static Errno TryMakeNode(Fd directory, ReadOnlySpan<byte> name, uint mode, uint major, uint minor)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        return Result(Libc.mknodat(directory.Number, z, mode, DeviceNumber(major, minor)));
    }

    /// <summary>Removes a file, or an empty directory.</summary>
    /// <returns>None, or ENOENT, EISDIR or ENOTDIR (the other kind), ENOTEMPTY, EBUSY (a mount)</returns>
    public static Errno TryRemove(Fd directory, ReadOnlySpan<byte> name, bool isDirectory)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        return Result(Libc.unlinkat(directory.Number, z, isDirectory ? Libc.AT_REMOVEDIR : 0));
    }

    /// <summary>Renames, replacing what has the new name.</summary>
    /// <returns>None, or ENOENT, EXDEV, ENOTEMPTY, EBUSY</returns>
    public static Errno TryRename(Fd oldDirectory, ReadOnlySpan<byte> oldName, Fd directory, ReadOnlySpan<byte> name)
    {
        byte* o = stackalloc byte[Bounded(oldName) + 1];
        Terminate(oldName, o);
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        return Result(Libc.renameat(oldDirectory.Number, o, directory.Number, z));
    }

    /// <returns>None, or ENOENT</returns>
    public static Errno TryStatus(Fd directory, ReadOnlySpan<byte> name, out FileStatus status)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        Libc.Statx raw;
        int result = Libc.statx(
            directory.Number,
            z,
            Libc.AT_SYMLINK_NOFOLLOW | Libc.AT_NO_AUTOMOUNT,
            Libc.STATX_BASIC_STATS | Libc.STATX_MNT_ID,
            &raw
        );
        status = result == -1 ? default : new FileStatus(in raw);
        return Result(result);
    }

    /// <summary>The status of an open file.</summary>
    public static FileStatus Status(Fd fd)
    {
        Libc.Statx raw;
        byte empty = 0;
        Libc.Check(Libc.statx(fd.Number, &empty, Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS | Libc.STATX_MNT_ID, &raw), "statx");
        return new FileStatus(in raw);
    }

    /// <summary>Reads where a symlink points.</summary>
    /// <exception cref="ErrnoException">EINVAL: not a symlink</exception>
    public static byte[] ReadLink(Fd directory, ReadOnlySpan<byte> name)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        byte* buffer = stackalloc byte[SafePath.MaxPath];
        nint size = Libc.Check(Libc.readlinkat(directory.Number, z, buffer, SafePath.MaxPath), "readlinkat");
        return new ReadOnlySpan<byte>(buffer, (int)size).ToArray();
    }

    /// <summary>Sets the owner. Clears setuid and setgid of a file: set the mode afterwards.</summary>
    /// <exception cref="ErrnoException">EPERM, EINVAL: the id has no mapping here</exception>
    public static void SetOwner(Fd directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        Libc.Check(Libc.fchownat(directory.Number, z, uid, gid, Libc.AT_SYMLINK_NOFOLLOW), "fchownat");
    }

    public static void SetOwner(Fd file, uint uid, uint gid) => Libc.Check(Libc.fchown(file.Number, uid, gid), "fchown");

    /// <summary>Sets the twelve permission bits of what is no symlink.</summary>
    /// <exception cref="ErrnoException">EOPNOTSUPP: a symlink, which is not followed</exception>
    public static void SetMode(Fd directory, ReadOnlySpan<byte> name, uint mode)
    {
        // fchmodat follows symlinks: whoever may write to the directory could turn it elsewhere.
        Libc.Check(TryHold(directory, name, out var held) == Errno.None ? 0 : -1, "openat");
        using (held)
            fixed (byte* z = Libc.Utf8($"/proc/self/fd/{held!.Number}"))
                Libc.Check(Libc.fchmodat(Libc.AT_FDCWD, z, mode, 0), "fchmodat");
    }

    public static void SetMode(Fd file, uint mode) => Libc.Check(Libc.fchmod(file.Number, mode), "fchmod");

    /// <summary>Sets the access and modification times, to the nanosecond.</summary>
    public static void SetTimes(Fd directory, ReadOnlySpan<byte> name, FileTime access, FileTime modification)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        Libc.TimeSpec* times = stackalloc Libc.TimeSpec[2] { access.Raw, modification.Raw };
        Libc.Check(Libc.utimensat(directory.Number, z, times, Libc.AT_SYMLINK_NOFOLLOW), "utimensat");
    }

    public static void SetTimes(Fd file, FileTime access, FileTime modification)
    {
        Libc.TimeSpec* times = stackalloc Libc.TimeSpec[2] { access.Raw, modification.Raw };
        Libc.Check(Libc.futimens(file.Number, times), "futimens");
    }

    /// <summary>Sets the length of a file; what is added reads as zeros and takes no room.</summary>
    /// <exception cref="ErrnoException">EFBIG</exception>
    public static void SetLength(Fd file, long length) => Libc.Check(Libc.ftruncate(file.Number, (nint)length), "ftruncate");

    /// <summary>Moves the place of the next write, from the start of the file.</summary>
    public static void Seek(Fd file, long offset) => Libc.Check(Libc.lseek(file.Number, (nint)offset, 0), "lseek");

    // The kernel's huge_encode_dev and glibc's gnu_dev_makedev agree on this layout.
    static ulong DeviceNumber(uint major, uint minor) =>
        ((ulong)(major & 0xfffff000) << 32)
        | ((ulong)(major & 0xfff) << 8)
        | ((ulong)(minor & 0xffffff00) << 12)
        | (minor & 0xff);

    static Errno TryOpen(Fd directory, ReadOnlySpan<byte> name, int flags, out Fd? opened)
    {
        byte* z = stackalloc byte[Bounded(name) + 1];
        Terminate(name, z);
        int number;
        do number = Libc.openat(directory.Number, z, flags | Libc.O_CLOEXEC, 0);
        while (number == -1 && Libc.LastErrno == Errno.EINTR);
        opened = number == -1 ? null : new Fd(number);
        return number == -1 ? Libc.LastErrno : Errno.None;
    }

    static Errno Result(int result) => result == -1 ? Libc.LastErrno : Errno.None;

    static int Bounded(ReadOnlySpan<byte> text) =>
        text.Length < SafePath.MaxPath ? text.Length : throw new ErrnoException("path", null, Errno.ENAMETOOLONG);

    static void Terminate(ReadOnlySpan<byte> name, byte* z)
    {
        if (name.Contains((byte)0))
            throw new ErrnoException("path", null, Errno.EINVAL);
        name.CopyTo(new Span<byte>(z, name.Length));
        z[name.Length] = 0;
    }
}
