// Bytes in and out of descriptors that may not be ready: the error is a return value, so an event loop never throws.
using Skiff.Linux.Native;

namespace Skiff.Linux;

/// <summary>read(2), write(2) and their kin on descriptors, EINTR retried.</summary>
public static unsafe class FdIo
{
    /// <summary>Reads what is there. Returns the count, 0 at the end, or -1 with the error (EAGAIN: nothing there yet).</summary>
    public static int TryRead(Fd fd, Span<byte> buffer, out Errno error)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint count = Libc.read(fd.Number, p, (nuint)buffer.Length);
                error = count == -1 ? Libc.LastErrno : Errno.None;
                if (error != Errno.EINTR)
                    return (int)count;
            }
        }
    }

    /// <summary>Reads from the beginning of a file, wherever it was read before. Returns the count, or -1 with the error.</summary>
    public static int TryReadFromStart(Fd fd, Span<byte> buffer, out Errno error)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint count = Libc.pread(fd.Number, p, (nuint)buffer.Length, 0);
                error = count == -1 ? Libc.LastErrno : Errno.None;
                if (error != Errno.EINTR)
                    return (int)count;
            }
        }
    }

    /// <summary>Writes what fits. Returns the count, or -1 with the error (EAGAIN: full; EPIPE: nobody reads).</summary>
    public static int TryWrite(Fd fd, ReadOnlySpan<byte> bytes, out Errno error)
    {
        fixed (byte* p = bytes)
        {
            while (true)
            {
                nint count = Libc.write(fd.Number, p, (nuint)bytes.Length);
                error = count == -1 ? Libc.LastErrno : Errno.None;
                if (error != Errno.EINTR)
                    return (int)count;
            }
        }
    }

    /// <summary>A pipe, both ends close-on-exec.</summary>
    /// <exception cref="ErrnoException">EMFILE, ENFILE</exception>
    public static (Fd Read, Fd Write) Pipe()
    {
        int* pair = stackalloc int[2];
        Libc.Check(Libc.pipe2(pair, Libc.O_CLOEXEC), "pipe2");
        return (new Fd(pair[0]), new Fd(pair[1]));
    }

    /// <summary>
    /// Makes reads and writes return EAGAIN instead of waiting. It is a property of the open file: of all
    /// descriptors that were duplicated or inherited from this one.
    /// </summary>
    public static void SetNonBlocking(Fd fd)
    {
        nint flags = Libc.Check(Libc.fcntl(fd.Number, Libc.F_GETFL, 0), "fcntl", "F_GETFL");
        Libc.Check(Libc.fcntl(fd.Number, Libc.F_SETFL, flags | Libc.O_NONBLOCK), "fcntl", "F_SETFL");
    }

    /// <summary>A second descriptor of the same open file, close-on-exec.</summary>
    /// <param name="lowest">the new number is this or higher</param>
    /// <exception cref="ErrnoException">EMFILE</exception>
    public static Fd Duplicate(Fd fd, int lowest = 0) =>
        new((int)Libc.Check(Libc.fcntl(fd.Number, Libc.F_DUPFD_CLOEXEC, lowest), "fcntl", "F_DUPFD_CLOEXEC"));

    /// <summary>Keeps an inherited descriptor from the programs that this process starts.</summary>
    public static void SetCloseOnExec(Fd fd) =>
        Libc.Check(Libc.fcntl(fd.Number, Libc.F_SETFD, Libc.FD_CLOEXEC), "fcntl", "F_SETFD");

    /// <summary>Opens a file for appending, created with the mode (octal permission bits) if missing; close-on-exec.</summary>
    /// <exception cref="ErrnoException">ENOENT: no such directory; EACCES, ENOSPC, EROFS</exception>
    public static Fd OpenAppend(string path, uint mode) => Open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND, mode);

    /// <summary>Opens an existing file, reading and writing; close-on-exec.</summary>
    /// <exception cref="ErrnoException">ENOENT, EACCES</exception>
    public static Fd OpenReadWrite(string path) => Open(path, Libc.O_RDWR, 0);

    /// <summary>Makes a file without a name in a directory, gone with its last descriptor; close-on-exec. O_TMPFILE.</summary>
    /// <exception cref="ErrnoException">ENOENT; EOPNOTSUPP: the file system cannot</exception>
    public static Fd OpenUnnamed(string directory) => Open(directory, Libc.O_TMPFILE | Libc.O_RDWR, 0x180);

    /// <summary>Opens an existing file for reading; close-on-exec.</summary>
    /// <exception cref="ErrnoException">ENOENT, EACCES</exception>
    public static Fd OpenRead(string path) => Open(path, Libc.O_RDONLY, 0);

    /// <summary>Opens a FIFO for writing without waiting for a reader; null if there is none (ENXIO), or no such FIFO.</summary>
    /// <exception cref="ErrnoException">EACCES</exception>
    public static Fd? TryOpenFifo(string path)
    {
        int fd = Libc.open(path, Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
        if (fd != -1)
            return new Fd(fd);
        Errno errno = Libc.LastErrno;
        return errno is Errno.ENXIO or Errno.ENOENT ? null : throw new ErrnoException("open", path, errno);
    }

    /// <summary>An inherited descriptor is open.</summary>
    public static bool IsOpen(int descriptor) => Libc.fcntl(descriptor, Libc.F_GETFD, 0) != -1;

    /// <summary>Opens a directory as a place to name things in, not to read; close-on-exec.</summary>
    /// <exception cref="ErrnoException">ENOENT, ENOTDIR</exception>
    public static Fd OpenPlace(string directory) => Open(directory, Libc.O_PATH | Libc.O_DIRECTORY, 0);

    /// <summary>Bytes of the file behind a descriptor, by lseek(2) to its end.</summary>
    public static long Length(Fd fd) => Libc.Check(Libc.lseek(fd.Number, 0, 2), "lseek");

    /// <summary>Cuts a file. False if it could not be (a full disk cannot be the reason).</summary>
    public static bool TryTruncate(Fd fd, long length) => Libc.ftruncate(fd.Number, (nint)length) == 0;

    /// <summary>Bytes a pipe can hold, or 64 KiB for anything else. F_GETPIPE_SZ.</summary>
    public static int PipeCapacity(Fd fd)
    {
        const int F_GETPIPE_SZ = 1032;
        int size = Libc.fcntl(fd.Number, F_GETPIPE_SZ, 0);
        return size > 0 ? size : 64 << 10;
    }

    static Fd Open(string path, int flags, uint mode)
    {
        while (true)
        {
            int fd = Libc.open(path, flags | Libc.O_CLOEXEC | Libc.O_NOCTTY, mode);
            if (fd != -1)
                return new Fd(fd);
            Errno errno = Libc.LastErrno;
            if (errno != Errno.EINTR)
                throw new ErrnoException("open", path, errno);
        }
    }
}
