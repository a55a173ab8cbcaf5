// Extended attributes: names and values as bytes. xattr(7).
using System.Globalization;
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

public static unsafe class Xattr
{
    // The kernel's limits: XATTR_SIZE_MAX and XATTR_LIST_MAX.
    const int MaxValue = 64 << 10;
    const int MaxList = 64 << 10;

    /// <summary>Sets an attribute of an open file.</summary>
    /// <returns>None, or EOPNOTSUPP, EPERM, ENOSPC, EDQUOT ...</returns>
    public static Errno TrySet(Fd file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte* z = stackalloc byte[256];
        if (!Terminate(name, z))
            return Errno.ERANGE;
        fixed (byte* v = value)
            return Libc.fsetxattr(file.Number, z, v, (nuint)value.Length, 0) == -1 ? Libc.LastErrno : Errno.None;
    }

    /// <summary>Sets an attribute of whatever has the name, a symlink too.</summary>
    /// <returns>as the other</returns>
    public static Errno TrySet(Fd directory, ReadOnlySpan<byte> file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte* z = stackalloc byte[256];
        if (!Terminate(name, z))
            return Errno.ERANGE;
        // There is no lsetxattrat before Linux 6.13; through /proc the directory is still the one that is open.
        var prefix = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.Number}/"));
        if (prefix.Length + file.Length >= SafePath.MaxPath)
            return Errno.ENAMETOOLONG;
        byte* path = stackalloc byte[prefix.Length + file.Length + 1];
        prefix.CopyTo(new Span<byte>(path, prefix.Length));
        file.CopyTo(new Span<byte>(path + prefix.Length, file.Length));
        path[prefix.Length + file.Length] = 0;
        fixed (byte* v = value)
            return Libc.lsetxattr(path, z, v, (nuint)value.Length, 0) == -1 ? Libc.LastErrno : Errno.None;
    }

    /// <summary>Reads an attribute; null if there is none, or the file system has none at all.</summary>
    public static byte[]? Get(Fd file, ReadOnlySpan<byte> name)
    {
        byte* z = stackalloc byte[256];
        if (!Terminate(name, z))
            return null;
        byte[] value = new byte[256];
        while (true)
        {
            nint size;
            fixed (byte* v = value)
                size = Libc.fgetxattr(file.Number, z, v, (nuint)value.Length);
            if (size >= 0)
                return value[..(int)size];
            Errno errno = Libc.LastErrno;
            if (errno is Errno.ENODATA or Errno.EOPNOTSUPP)
                return null;
            if (errno != Errno.ERANGE || value.Length >= MaxValue)
                throw new ErrnoException("fgetxattr", Encoding.UTF8.GetString(name), errno);
            value = new byte[MaxValue];
        }
    }

    /// <summary>The names of all attributes that this process may see.</summary>
    public static List<byte[]> List(Fd file)
    {
        byte[] list = new byte[1024];
        nint size;
        while (true)
        {
            fixed (byte* l = list)
                size = Libc.flistxattr(file.Number, l, (nuint)list.Length);
            if (size >= 0)
                break;
            Errno errno = Libc.LastErrno;
            if (errno == Errno.EOPNOTSUPP)
                return [];
            if (errno != Errno.ERANGE || list.Length >= MaxList)
                throw new ErrnoException("flistxattr", null, errno);
            list = new byte[MaxList];
        }
        var names = new List<byte[]>();
        for (var rest = list.AsSpan(0, (int)size); !rest.IsEmpty; )
        {
            int end = rest.IndexOf((byte)0);
            names.Add(rest[..end].ToArray());
            rest = rest[(end + 1)..];
        }
        return names;
    }

    static bool Terminate(ReadOnlySpan<byte> name, byte* z)
    {
        if (name.Length > 255 || name.Contains((byte)0))
            return false;
        name.CopyTo(new Span<byte>(z, 255));
        z[name.Length] = 0;
        return true;
    }
}
