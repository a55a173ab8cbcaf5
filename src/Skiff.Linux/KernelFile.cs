// The small text files of /proc and /sys/fs/cgroup: each write is one write(2), a read is the whole file.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux;

/// <summary>Files that are an interface of the kernel, not storage. Cheaper than File, with the errno told.</summary>
public static unsafe class KernelFile
{
    /// <exception cref="ErrnoException">open or read: ENOENT, ESRCH, EACCES</exception>
    public static string Read(string path) => Encoding.UTF8.GetString(ReadBytes(path));

    /// <summary>The same, as it is.</summary>
    /// <exception cref="ErrnoException">open or read: ENOENT, ESRCH, EACCES</exception>
    public static byte[] ReadBytes(string path)
    {
        using var file = new Fd((int)Libc.Check(Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0), "open", path));
        byte[] buffer = new byte[4096];
        int used = 0;
        for (; ; )
        {
            nint got;
            fixed (byte* p = buffer)
                got = Libc.read(file.Number, p + used, (nuint)(buffer.Length - used));
            if (got == -1 && Libc.LastErrno == Errno.EINTR)
                continue;
            Libc.Check(got, "read", path);
            if (got == 0)
                return buffer[..used];
            used += (int)got;
            if (used == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    /// <summary>The same; null if the file is not there.</summary>
    public static string? TryRead(string path)
    {
        try
        {
            return Read(path);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ESRCH)
        {
            return null;
        }
    }

    /// <summary>Writes to an existing file.</summary>
    /// <exception cref="ErrnoException">open: ENOENT; write: EINVAL, EBUSY and what else the interface answers</exception>
    public static void Write(string path, string text)
    {
        using Fd file = OpenForWriting(path);
        Write(file, text, path);
    }

    /// <summary>The same, for one of several writes to an open file.</summary>
    /// <exception cref="ErrnoException">write: EINVAL, EBUSY and what else the interface answers</exception>
    public static void Write(Fd file, string text) => Write(file, text, null);

    static void Write(Fd file, string text, string? path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        nint result;
        fixed (byte* p = bytes)
        {
            do result = Libc.write(file.Number, p, (nuint)bytes.Length);
            while (result == -1 && Libc.LastErrno == Errno.EINTR);
        }
        Libc.Check(result, "write", path is null ? text : $"{path}, {text}");
    }

    /// <exception cref="ErrnoException">open: ENOENT, EACCES</exception>
    public static Fd OpenForWriting(string path) =>
        new((int)Libc.Check(Libc.open(path, Libc.O_WRONLY | Libc.O_CLOEXEC, 0), "open", path));
}
