// A lock that the kernel drops with the process: who holds the file open owns the directory.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>An exclusive flock(2) on a file; released when disposed or when the process ends.</summary>
public sealed class FileLock : IDisposable
{
    readonly Fd fd;

    FileLock(Fd fd) => this.fd = fd;

    /// <summary>
    /// Takes the lock without waiting and writes this process's id into the file, for people. Null if another
    /// process, or another lock object of this one, holds it.
    /// </summary>
    /// <exception cref="ErrnoException">ENOENT: no such directory; EACCES</exception>
    public static FileLock? TryTake(string path)
    {
        int number = Libc.open(
            path,
            Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC,
            0x180 /* 0600 */
        );
        Libc.Check(number, "open", path);
        var fd = new Fd(number);
        int result;
        do result = Libc.flock(number, Libc.LOCK_EX | Libc.LOCK_NB);
        while (result == -1 && Libc.LastErrno == Errno.EINTR);
        if (result == -1)
        {
            Errno errno = Libc.LastErrno;
            fd.Dispose();
            // EWOULDBLOCK is EAGAIN on Linux.
            return errno == Errno.EAGAIN ? null : throw new ErrnoException("flock", path, errno);
        }
        Libc.ftruncate(number, 0);
        FdIo.TryWrite(fd, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"), out _);
        return new FileLock(fd);
    }

    /// <summary>Takes the lock of a directory, waiting for whoever holds it.</summary>
    /// <exception cref="ErrnoException">ENOENT: no such directory (any more)</exception>
    public static FileLock TakeDirectory(string path)
    {
        Fd fd = SafePath.OpenRoot(path);
        int result;
        do result = Libc.flock(fd.Number, Libc.LOCK_EX);
        while (result == -1 && Libc.LastErrno == Errno.EINTR);
        Libc.Check(result, "flock", path);
        return new FileLock(fd);
    }

    public void Dispose() => fd.Dispose();
}
