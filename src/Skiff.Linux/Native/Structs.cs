// Structures that the kernel reads or writes, as its headers lay them out.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

/// <summary>struct clone_args, clone(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArgs
{
    internal ulong Flags;
    internal ulong Pidfd;
    internal ulong ChildTid;
    internal ulong ParentTid;
    internal ulong ExitSignal;
    internal ulong Stack;
    internal ulong StackSize;
    internal ulong Tls;
    internal ulong SetTid;
    internal ulong SetTidSize;
    internal ulong Cgroup;
}

/// <summary>struct mount_attr, mount_setattr(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MountAttr
{
    internal ulong Set;
    internal ulong Clear;
    internal ulong Propagation;
    internal ulong UserNamespace;
}
