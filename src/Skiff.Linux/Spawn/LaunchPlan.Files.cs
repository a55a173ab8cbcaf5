// The words of a launch plan for files: opening inside a root, making mount points, nodes and links.
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

public sealed partial class LaunchPlan
{
    const uint DirectoryMode = 0x1ED; // 0755

    /// <summary>
    /// Opens a path for use as a place only (O_PATH). Symbolic links are followed as if <paramref name="root"/> were
    /// the root directory, so nothing in an image leads out. openat2(2), RESOLVE_IN_ROOT.
    /// </summary>
    public Register Open(Register root, string path, bool directory, string what, ErrnoSet ignored = default) =>
        AddResult("open", what, ignored, Syscall.openat2, root, Relative(path), PlaceOnly(directory), OpenHowBytes);

    /// <summary>Opens a path inside the root; makes it, and directories above it, where they are missing.</summary>
    public Register OpenOrMake(Register root, string path, bool directory, string what)
    {
        string relative = Relative(path);
        if (relative == ".")
            return Open(root, path, directory: true, what);
        ErrnoSet missing = ErrnoSet.Of(Errno.ENOENT);
        Register found = Open(root, path, directory: false, what, missing);
        LaunchOp attempt = Last;

        (string above, string name) = Split(relative);
        Register parent = above == "." ? root : OpenOrMake(root, above, directory: true, what);
        ErrnoSet exists = ErrnoSet.Of(Errno.EEXIST);
        if (directory)
            Add(what, exists, Syscall.mkdirat, parent, name, Arg.Flags(DirectoryMode));
        else
            Add(what, exists, Syscall.mknodat, parent, name, Arg.Flags(S_IFREG | 0x1A4), 0); // 0644
        if (above != ".")
            Close(parent);
        ops.Add(
            new LaunchOp
            {
                What = what,
                Call = Syscall.openat2,
                Arguments = [root, relative, PlaceOnly(directory: false), OpenHowBytes],
                Destination = found.Index,
            }
        );
        IfDoneSkipTo(attempt);
        return found;
    }

    /// <summary>Opens a path inside the root; what <paramref name="then"/> adds is left out if there is no such path.</summary>
    public void Optional(Register root, string path, string what, Action<Register> then)
    {
        Register place = Open(root, path, directory: false, what, ErrnoSet.Of(Errno.ENOENT, Errno.ENOTDIR));
        LaunchOp attempt = Last;
        then(place);
        IfIgnoredSkipTo(attempt);
    }

    /// <summary>Opens a directory as a place, by its path in the mount namespace that the child is in at that moment.</summary>
    public Register OpenHostDirectory(string path) =>
        AddResult(
            "directory",
            $"open {path}",
            default,
            Syscall.openat,
            Libc.AT_FDCWD,
            path,
            Arg.Flags((ulong)(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC)),
            0
        );

    /// <summary>Closes a descriptor of the child; it would close at execve, but their number is limited.</summary>
    public void Close(Register descriptor) => Add("close", Syscall.close, descriptor);

    /// <summary>Makes a device node or FIFO in an open directory unless the name is taken.</summary>
    /// <param name="mode">file type and permissions, as in stat(2)</param>
    /// <param name="device">see <see cref="DeviceNumber"/></param>
    public void MakeNode(Register directory, string name, uint mode, ulong device, uint uid, uint gid, string what)
    {
        Add(what, ErrnoSet.Of(Errno.EEXIST), Syscall.mknodat, directory, name, Arg.Flags(mode), (long)device);
        LaunchOp made = Last;
        if (uid != 0 || gid != 0)
            Add(what, Syscall.fchownat, directory, name, (int)uid, (int)gid, Arg.Flags(Libc.AT_SYMLINK_NOFOLLOW));
        IfIgnoredSkipTo(made);
    }

    /// <summary>Makes a symbolic link in an open directory unless the name is taken.</summary>
    public void MakeLink(Register directory, string name, string target, string what) =>
        Add(what, ErrnoSet.Of(Errno.EEXIST), Syscall.symlinkat, target, directory, name);

    /// <summary>Writes a text to an existing file by its path on the host.</summary>
    public void WriteFile(string path, string text, string what) => Write(Libc.AT_FDCWD, path, text, what);

    /// <summary>Writes a text to an existing file below an open directory.</summary>
    public void WriteFile(Register directory, string path, string text, string what) => Write(directory, path, text, what);

    /// <summary>st_rdev of a device: makedev(3).</summary>
    public static ulong DeviceNumber(uint major, uint minor) =>
        (minor & 0xFF) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);

    const uint S_IFREG = 0x8000;
    const int OpenHowBytes = 24;

    void Write(Arg directory, string path, string text, string what)
    {
        Register file = AddResult(
            "file",
            what,
            default,
            Syscall.openat,
            directory,
            path,
            Arg.Flags((ulong)(Libc.O_WRONLY | Libc.O_CLOEXEC)),
            0
        );
        Add(what, Syscall.write, file, text, System.Text.Encoding.UTF8.GetByteCount(text));
        Close(file);
    }

    static Arg PlaceOnly(bool directory)
    {
        var how = new Libc.OpenHow
        {
            Flags = (ulong)(uint)(Libc.O_PATH | Libc.O_CLOEXEC | (directory ? Libc.O_DIRECTORY : 0)),
            Resolve = Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS,
        };
        return Struct(how, directory ? "{directory, in root}" : "{place, in root}");
    }

    static Arg Struct<T>(T value, string shown)
        where T : struct => Arg.Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray(), shown);

    static string Relative(string path)
    {
        string relative = path.Trim('/');
        return relative.Length == 0 ? "." : relative;
    }

    static (string Above, string Name) Split(string relative)
    {
        int slash = relative.LastIndexOf('/');
        return slash < 0 ? (".", relative) : (relative[..slash].TrimEnd('/'), relative[(slash + 1)..]);
    }
}
