// Mounts by descriptor: made first, attached later or never. Everything here needs CAP_SYS_ADMIN.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Mounts;

/// <summary>
/// fsopen(2), fsconfig(2), fsmount(2), open_tree(2), mount_setattr(2). A detached mount is a directory tree that only
/// its descriptor reaches; it goes away with the last descriptor.
/// </summary>
public static unsafe class MountApi
{
    internal const uint FSOPEN_CLOEXEC = 1;
    internal const uint FSMOUNT_CLOEXEC = 1;
    internal const uint OPEN_TREE_CLONE = 1;
    internal const uint OPEN_TREE_CLOEXEC = 0x80000;
    internal const uint MOVE_MOUNT_F_EMPTY_PATH = 4;
    internal const uint MOVE_MOUNT_T_EMPTY_PATH = 0x40;
    internal const int FSCONFIG_SET_FLAG = 0;
    internal const int FSCONFIG_SET_STRING = 1;
    internal const int FSCONFIG_SET_FD = 5;
    internal const int FSCONFIG_CMD_CREATE = 6;

    /// <summary>Longest value of FSCONFIG_SET_STRING, without its final zero.</summary>
    const int LongestValue = 255;

    /// <summary>Makes a detached mount of a new filesystem.</summary>
    /// <param name="parameters">"size=64m" or a bare flag; a key may occur again. A value too long for
    /// fsconfig(2) is opened and handed over as a descriptor, which the path options of overlay accept.</param>
    /// <exception cref="ErrnoException">fsopen, fsconfig or fsmount, with the kernel's own words where it has some</exception>
    public static Fd Make(string type, string? source, IEnumerable<string> parameters, MountFlags flags = default) =>
        Make(type, source, parameters, [], flags);

    /// <summary>The same with parameters that are open directories.</summary>
    internal static Fd Make(
        string type,
        string? source,
        IEnumerable<string> parameters,
        IEnumerable<(string Key, Fd Place)> places,
        MountFlags flags
    )
    {
        using Fd context = WithText(type, p => Libc.Call(Syscall.fsopen, p, (nint)FSOPEN_CLOEXEC), "fsopen");
        if (source is not null)
            Configure(context, type, "source", source);
        foreach (string parameter in parameters)
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                Configure(context, type, parameter, null);
            else
                Configure(context, type, parameter[..equals], parameter[(equals + 1)..]);
        }
        foreach ((string key, Fd place) in places)
        {
            fixed (byte* k = Libc.Utf8(key))
            {
                if (Libc.Call(Syscall.fsconfig, context.Number, FSCONFIG_SET_FD, (nint)k, 0, place.Number) == -1)
                    throw Failure(context, "fsconfig", $"{type}, {key}");
            }
        }
        if (Libc.Call(Syscall.fsconfig, context.Number, FSCONFIG_CMD_CREATE) == -1)
            throw Failure(context, "fsconfig", type);
        nint mount = Libc.Call(Syscall.fsmount, context.Number, (nint)FSMOUNT_CLOEXEC, (nint)flags);
        return mount == -1 ? throw Failure(context, "fsmount", type) : new Fd((int)mount);
    }

    /// <summary>A detached copy of what is mounted at a path of the host: a bind mount to be.</summary>
    /// <exception cref="ErrnoException">open_tree: ENOENT; EINVAL: an unbindable mount</exception>
    public static Fd Clone(string path, bool recursive) =>
        WithText(
            path,
            p =>
                Libc.Call(
                    Syscall.open_tree,
                    Libc.AT_FDCWD,
                    p,
                    (nint)(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (uint)(recursive ? Libc.AT_RECURSIVE : 0))
                ),
            "open_tree"
        );

    /// <summary>Changes flags or propagation of a mount, and if recursive of all below it.</summary>
    /// <exception cref="ErrnoException">mount_setattr: EBUSY: open for writing; EPERM: a locked flag</exception>
    public static void Change(Fd mount, MountChange change, bool recursive)
    {
        var attr = new MountAttr
        {
            Set = (ulong)change.Set,
            Clear = (ulong)change.Clear,
            Propagation = (ulong)change.Propagation,
        };
        byte empty = 0;
        Libc.Check(
            Libc.Call(
                Syscall.mount_setattr,
                mount.Number,
                (nint)(&empty),
                Libc.AT_EMPTY_PATH | (recursive ? Libc.AT_RECURSIVE : 0),
                (nint)(&attr),
                sizeof(MountAttr)
            ),
            "mount_setattr",
            change.ToString()
        );
    }

    /// <summary>Attaches a detached mount at a directory.</summary>
    /// <exception cref="ErrnoException">move_mount: ENOENT, ENOTDIR</exception>
    public static void Attach(Fd mount, string directory)
    {
        byte empty = 0;
        fixed (byte* path = Libc.Utf8(directory))
            Libc.Check(
                Libc.Call(
                    Syscall.move_mount,
                    mount.Number,
                    (nint)(&empty),
                    Libc.AT_FDCWD,
                    (nint)path,
                    (nint)MOVE_MOUNT_F_EMPTY_PATH
                ),
                "move_mount",
                directory
            );
    }

    /// <summary>Takes away the topmost mount at a directory, at once; what still uses it keeps it until then. MNT_DETACH.</summary>
    /// <returns>None, or EINVAL: nothing is mounted there, ENOENT</returns>
    public static Errno TryDetach(string directory)
    {
        const int MNT_DETACH = 2;
        const int UMOUNT_NOFOLLOW = 8;
        fixed (byte* path = Libc.Utf8(directory))
            return Libc.Call(Syscall.umount2, (nint)path, MNT_DETACH | UMOUNT_NOFOLLOW) == -1 ? Libc.LastErrno : Errno.None;
    }

    /// <summary>
    /// Shows files of a detached mount with other owners: what belongs to an id inside of the user namespace belongs to
    /// the one outside. MOUNT_ATTR_IDMAP, mount_setattr(2).
    /// </summary>
    /// <exception cref="ErrnoException">mount_setattr: EINVAL: the filesystem cannot, or it is mapped already</exception>
    public static void MapIds(Fd mount, Fd userNamespace, bool recursive)
    {
        const ulong MOUNT_ATTR_IDMAP = 0x100000;
        var attr = new MountAttr { Set = MOUNT_ATTR_IDMAP, UserNamespace = (ulong)userNamespace.Number };
        byte empty = 0;
        Libc.Check(
            Libc.Call(
                Syscall.mount_setattr,
                mount.Number,
                (nint)(&empty),
                Libc.AT_EMPTY_PATH | (recursive ? Libc.AT_RECURSIVE : 0),
                (nint)(&attr),
                sizeof(MountAttr)
            ),
            "mount_setattr",
            "map of ids"
        );
    }

    /// <summary>
    /// A program seen through a read-only mount of its own, to be executed from the descriptor's /proc path: then
    /// nothing that runs with it, a container least of all, can write to the file behind /proc/PID/exe.
    /// </summary>
    public static Fd CloneReadOnly(string path)
    {
        Fd mount = Clone(path, recursive: false);
        try
        {
            Change(mount, new MountChange(MountFlags.ReadOnly), recursive: false);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    /// <summary>The MS_* bits of mount(2) for these flags: all but a few have the same places.</summary>
    internal static ulong ClassicFlags(MountFlags flags)
    {
        ulong bits = (ulong)(flags & (MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDevices | MountFlags.NoExec));
        if (flags.HasFlag(MountFlags.NoAccessTime))
            bits |= 1 << 10; // MS_NOATIME
        if (flags.HasFlag(MountFlags.StrictAccessTime))
            bits |= 1 << 24; // MS_STRICTATIME
        if (flags.HasFlag(MountFlags.NoDirectoryAccessTime))
            bits |= 1 << 11; // MS_NODIRATIME
        return bits;
    }

    static void Configure(Fd context, string type, string key, string? value)
    {
        nint result;
        fixed (byte* k = Libc.Utf8(key))
        fixed (byte* v = value is null ? null : Libc.Utf8(value))
        {
            if (value is null)
                result = Libc.Call(Syscall.fsconfig, context.Number, FSCONFIG_SET_FLAG, (nint)k);
            else if (Encoding.UTF8.GetByteCount(value) <= LongestValue)
                result = Libc.Call(Syscall.fsconfig, context.Number, FSCONFIG_SET_STRING, (nint)k, (nint)v);
            else
            {
                using var place = new Fd((int)Libc.Check(Libc.open(value, Libc.O_PATH | Libc.O_CLOEXEC, 0), "open", value));
                result = Libc.Call(Syscall.fsconfig, context.Number, FSCONFIG_SET_FD, (nint)k, 0, place.Number);
            }
        }
        if (result == -1)
            throw Failure(context, "fsconfig", value is null ? $"{type}, {key}" : $"{type}, {key}={value}");
    }

    /// <summary>The errno, and what the kernel wrote about it into the context ("e overlay: ...").</summary>
    static ErrnoException Failure(Fd context, string call, string subject)
    {
        Errno errno = Libc.LastErrno;
        byte* line = stackalloc byte[256];
        var said = new StringBuilder(subject);
        for (int i = 0; i < 8; i++)
        {
            nint length = Libc.read(context.Number, line, 256);
            if (length <= 0)
                break;
            said.Append(i == 0 ? ": " : "; ").Append(Encoding.UTF8.GetString(line, (int)length).TrimEnd('\n'));
        }
        return new ErrnoException(call, said.ToString(), errno);
    }

    delegate nint Opens(nint text);

    static Fd WithText(string text, Opens open, string call)
    {
        fixed (byte* p = Libc.Utf8(text))
            return new Fd((int)Libc.Check(open((nint)p), call, text));
    }
}
