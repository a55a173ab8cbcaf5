// Tells the file system which directories hold trees that have nothing to do with each other.
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>
/// ext4 puts what is made in a directory near it, and steps over every inode there that was removed in the last minutes,
/// one by one, for each file it makes: a tree written where another has just been removed takes several times as long.
/// </summary>
public static unsafe class DirectorySpread
{
    /// <summary>
    /// Has each directory made in <paramref name="path"/> begin in a part of the disk of its own (FS_TOPDIR_FL,
    /// ioctl_iflags(2)). False where the file system has no such thing.
    /// </summary>
    /// <exception cref="ErrnoException">ENOENT: no such directory</exception>
    public static bool TrySet(string path)
    {
        using var directory = SafePath.OpenRoot(path);
        int flags = 0;
        if (Libc.ioctl(directory.Number, Libc.FS_IOC_GETFLAGS, &flags) == -1)
            return false;
        flags |= Libc.FS_TOPDIR_FL;
        return Libc.ioctl(directory.Number, Libc.FS_IOC_SETFLAGS, &flags) == 0;
    }
}
