// The words of a launch plan for mounts.
using Skiff.Linux.Mounts;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

public sealed partial class LaunchPlan
{
    const int MountAttrBytes = 32;

    /// <summary>Makes a mount of a new filesystem, attached nowhere yet. fsopen(2), fsconfig(2), fsmount(2).</summary>
    /// <param name="parameters">"size=64m" or a bare flag</param>
    public Register NewMount(string type, string? source, IReadOnlyList<string> parameters, MountFlags flags, string what)
    {
        Register context = AddResult("fs", what, default, Syscall.fsopen, type, Arg.Flags(MountApi.FSOPEN_CLOEXEC));
        if (source is not null)
            Add(what, Syscall.fsconfig, context, MountApi.FSCONFIG_SET_STRING, "source", source, 0);
        foreach (string parameter in parameters)
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                Add(what, Syscall.fsconfig, context, MountApi.FSCONFIG_SET_FLAG, parameter, 0, 0);
            else
                Add(
                    $"{what}, option {parameter}",
                    Syscall.fsconfig,
                    context,
                    MountApi.FSCONFIG_SET_STRING,
                    parameter[..equals],
                    parameter[(equals + 1)..],
                    0
                );
        }
        Add(what, Syscall.fsconfig, context, MountApi.FSCONFIG_CMD_CREATE, 0, 0, 0);
        Register mount = AddResult(
            "mount",
            what,
            default,
            Syscall.fsmount,
            context,
            Arg.Flags(MountApi.FSMOUNT_CLOEXEC),
            Arg.Flags((ulong)flags)
        );
        Close(context);
        return mount;
    }

    /// <summary>A copy of what is mounted at an open place, attached nowhere yet: a bind mount to be. open_tree(2).</summary>
    public Register CloneMount(Register place, bool recursive, string what) =>
        AddResult(
            "clone",
            what,
            default,
            Syscall.open_tree,
            place,
            "",
            Arg.Flags(
                MountApi.OPEN_TREE_CLONE
                    | MountApi.OPEN_TREE_CLOEXEC
                    | Libc.AT_EMPTY_PATH
                    | (uint)(recursive ? Libc.AT_RECURSIVE : 0)
            )
        );

    /// <summary>Attaches a mount at an open place. move_mount(2).</summary>
    public void Attach(Register mount, Register place, string what) => Attach(mount, place, what, default);

    void Attach(Register mount, Register place, string what, ErrnoSet ignored) =>
        Add(
            what,
            ignored,
            Syscall.move_mount,
            mount,
            "",
            place,
            "",
            Arg.Flags(MountApi.MOVE_MOUNT_F_EMPTY_PATH | MountApi.MOVE_MOUNT_T_EMPTY_PATH)
        );

    /// <summary>Attaches a mount at a directory of the host.</summary>
    public void Attach(Register mount, string hostDirectory, string what) =>
        Add(what, Syscall.move_mount, mount, "", Libc.AT_FDCWD, hostDirectory, Arg.Flags(MountApi.MOVE_MOUNT_F_EMPTY_PATH));

    /// <summary>The same, but a directory is no failure: then <paramref name="otherwise"/> adds what to do instead.</summary>
    public void AttachUnlessDirectory(Register file, Register place, string what, Action otherwise)
    {
        Attach(file, place, what, ErrnoSet.Of(Errno.ENOTDIR, Errno.EINVAL));
        LaunchOp attempt = Last;
        otherwise();
        IfDoneSkipTo(attempt);
    }

    /// <summary>A copy of what is at a path of the host, without what is mounted below; while the host is still there.</summary>
    public Register CloneHostMount(string path, string what) =>
        AddResult(
            "clone",
            what,
            default,
            Syscall.open_tree,
            Libc.AT_FDCWD,
            path,
            Arg.Flags(MountApi.OPEN_TREE_CLONE | MountApi.OPEN_TREE_CLOEXEC)
        );

    /// <summary>Changes flags and propagation of a mount and, if recursive, of all below. mount_setattr(2).</summary>
    public void ChangeMount(Register mount, MountChange change, bool recursive, string what) =>
        ChangeMount((Arg)mount, "", change, recursive, what);

    /// <summary>The same, for the mount at a path.</summary>
    public void ChangeMount(string path, MountChange change, bool recursive, string what) =>
        ChangeMount(Libc.AT_FDCWD, path, change, recursive, what);

    /// <summary>
    /// Makes an attached mount the root of this mount namespace, and takes the old root away. pivot_root(2), NOTES,
    /// pivot_root(".", "."): the old root ends up on top of the new one, at the current directory.
    /// </summary>
    public void PivotRoot(Register root)
    {
        const string What = "pivot_root";
        Add(What, Syscall.fchdir, root);
        Add(What, Syscall.pivot_root, ".", ".");
        const int MNT_DETACH = 2;
        Add("take the host's root away", Syscall.umount2, ".", Arg.Flags(MNT_DETACH));
        Add(What, Syscall.chdir, "/");
    }

    /// <summary>mount(2) of a kernel filesystem on a directory made here, below the current directory.</summary>
    public void MountHere(string type, string name, string data, MountFlags flags, string what)
    {
        Add(what, Syscall.mkdirat, Libc.AT_FDCWD, name, Arg.Flags(DirectoryMode));
        Add(what, Syscall.mount, type, name, type, Arg.Flags(MountApi.ClassicFlags(flags)), data);
    }

    /// <summary>Makes an open directory the current one.</summary>
    public void ChangeDirectory(Register directory, string what) => Add(what, Syscall.fchdir, directory);

    public void ChangeDirectory(string path, string what) => Add(what, Syscall.chdir, path);

    void ChangeMount(Arg directory, string path, MountChange change, bool recursive, string what)
    {
        var attr = new MountAttr
        {
            Set = (ulong)change.Set,
            Clear = (ulong)change.Clear,
            Propagation = (ulong)change.Propagation,
        };
        int flags = (path.Length == 0 ? Libc.AT_EMPTY_PATH : 0) | (recursive ? Libc.AT_RECURSIVE : 0);
        Add(
            what,
            Syscall.mount_setattr,
            directory,
            path,
            Arg.Flags((ulong)flags),
            Struct(attr, change.ToString()),
            MountAttrBytes
        );
    }
}
