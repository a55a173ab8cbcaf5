// Kinds of namespaces and the files that stand for them.
using Skiff.Linux.Mounts;
using Skiff.Linux.Native;

namespace Skiff.Linux.Namespaces;

/// <summary>namespaces(7); the values are those of clone(2).</summary>
[Flags]
public enum NamespaceKinds
{
    None = 0,
    Time = 0x80,
    Mount = 0x20000,
    Cgroup = 0x2000000,
    Uts = 0x4000000,
    Ipc = 0x8000000,
    User = 0x10000000,
    Pid = 0x20000000,
    Network = 0x40000000,
}

/// <summary>Files such as /proc/PID/ns/net, or a bind mount of one.</summary>
public static class NamespaceFile
{
    /// <exception cref="ErrnoException">ENOENT, EACCES</exception>
    public static Fd Open(string path) => new((int)Libc.Check(Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0), "open", path));

    /// <summary>Moves this thread (for pid namespaces: its future children) into a namespace. setns(2).</summary>
    /// <param name="namespaceOrPidfd">the namespace's file, or a process whose namespaces are meant</param>
    /// <exception cref="ErrnoException">EINVAL: not of that kind; ESRCH: the process is gone; EPERM</exception>
    public static void Enter(Fd namespaceOrPidfd, NamespaceKinds kinds) =>
        Libc.Check(Libc.Call(Syscall.setns, namespaceOrPidfd.Number, (nint)kinds), "setns", kinds.ToString());

    /// <summary>
    /// Gives the calling thread, and what it starts, a mount namespace of its own: it sees what is mounted on the host
    /// from now on, but the host sees nothing of it. unshare(2), CLONE_NEWNS.
    /// </summary>
    /// <exception cref="ErrnoException">unshare: EPERM, ENOSPC</exception>
    public static void LeaveMounts()
    {
        Libc.Check(Libc.Call(Syscall.unshare, (nint)NamespaceKinds.Mount), "unshare", "CLONE_NEWNS");
        using Fd root = FdIo.OpenPlace("/");
        MountApi.Change(root, new MountChange(default, default, MountPropagation.Slave), recursive: true);
    }
}
