// The places in a root filesystem where something will be mounted.
using System.Text;
using Skiff.Linux.Files;
using Skiff.Linux.Native;

namespace Skiff.Linux.Mounts;

public static class MountPoint
{
    const int MostLinks = 40; // as the kernel's: path_resolution(7)
    const uint DirectoryMode = 0x1ED; // 0755
    const uint FileMode = 0x1A4; // 0644

    /// <summary>
    /// Opens the place; makes it, and directories above, if it is missing. Symbolic links count as seen from inside the
    /// root, and one that leads to nothing gets its target made: images have an /etc/resolv.conf of that kind.
    /// </summary>
    /// <param name="existed">false if it was made here</param>
    /// <exception cref="ErrnoException">ENOTDIR, ELOOP, EROFS, ENOSPC</exception>
    public static Fd OpenOrMake(Fd root, string path, bool directory, out bool existed)
    {
        Errno errno = SafePath.TryOpen(root, Relative(path), Libc.O_PATH, 0, Containment.InRoot, out Fd? place);
        existed = errno == Errno.None;
        if (existed)
            return place!;
        if (errno != Errno.ENOENT)
            throw new ErrnoException("open", path, errno);
        string made = Make(root, path, directory);
        errno = SafePath.TryOpen(root, Relative(made), Libc.O_PATH, 0, Containment.InRoot, out place);
        return errno == Errno.None ? place! : throw new ErrnoException("open", path, errno);
    }

    /// <summary>Opens a place that is there, as seen from inside the root.</summary>
    /// <exception cref="ErrnoException">ENOENT, ENOTDIR, ELOOP</exception>
    public static Fd Open(Fd root, string path)
    {
        Errno errno = SafePath.TryOpen(root, Relative(path), Libc.O_PATH, 0, Containment.InRoot, out Fd? place);
        return errno == Errno.None ? place! : throw new ErrnoException("open", path, errno);
    }

    /// <summary>Walks the path, follows links, makes what is missing. Returns the path without links.</summary>
    static string Make(Fd root, string path, bool directory)
    {
        var pending = new Stack<string>(Parts(path).Reverse());
        var walked = new List<string>();
        int links = 0;
        while (pending.TryPop(out string? part))
        {
            if (part == "..")
            {
                if (walked.Count > 0)
                    walked.RemoveAt(walked.Count - 1);
                continue;
            }
            using Fd above = OpenDirectory(root, string.Join('/', walked));
            byte[] name = Encoding.UTF8.GetBytes(part);
            Errno errno = FileAt.TryStatus(above, name, out FileStatus status);
            if (errno == Errno.None && status.Kind == FileKind.Symlink)
            {
                if (++links > MostLinks)
                    throw new ErrnoException("open", path, Errno.ELOOP);
                string target = Encoding.UTF8.GetString(FileAt.ReadLink(above, name));
                if (target.StartsWith('/'))
                    walked.Clear();
                foreach (string next in Parts(target).Reverse())
                    pending.Push(next);
                continue;
            }
            if (errno == Errno.ENOENT)
                errno =
                    pending.Count > 0 || directory
                        ? FileAt.TryMakeDirectory(above, name, DirectoryMode)
                        : FileAt.TryMakeNode(above, name, (uint)FileKind.Regular | FileMode, 0, 0);
            if (errno is not (Errno.None or Errno.EEXIST))
                throw new ErrnoException("make mount point", path, errno);
            walked.Add(part);
        }
        return string.Join('/', walked);
    }

    static Fd OpenDirectory(Fd root, string path)
    {
        Errno errno = SafePath.TryOpenDirectory(root, Relative(path), Containment.InRoot, out Fd? directory);
        return errno == Errno.None ? directory! : throw new ErrnoException("open", path, errno);
    }

    static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".");

    static byte[] Relative(string path) => Encoding.UTF8.GetBytes(path.Trim('/'));
}
