// The words of a launch plan for what a process is: its namespaces, session, identity, rights and program.
using System.Buffers.Binary;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

public sealed partial class LaunchPlan
{
    const int PR_SET_KEEPCAPS = 8;
    const int PR_CAPBSET_DROP = 24;
    const int PR_SET_NO_NEW_PRIVS = 38;
    const int PR_CAP_AMBIENT = 47;

    /// <summary>Moves this process, which is one thread, into a v1 cgroup by its open tasks file.</summary>
    public void JoinCgroup(Register tasks, string what) => Add(what, Syscall.write, tasks, "0", 1);

    public void Unshare(NamespaceKinds kinds, string what) => Add(what, Syscall.unshare, Arg.Flags((ulong)kinds));

    /// <summary>Joins a namespace by its file, or several by a pidfd. setns(2).</summary>
    public void Enter(Register namespaceOrPidfd, NamespaceKinds kinds, string what) =>
        Add(what, Syscall.setns, namespaceOrPidfd, Arg.Flags((ulong)kinds));

    /// <summary>A session keyring of its own, where the kernel has keyrings and the user may have one more.</summary>
    public void NewKeyring() =>
        Add(
            "join a new session keyring",
            ErrnoSet.Of(Errno.ENOSYS, Errno.EPERM, Errno.EDQUOT),
            Syscall.keyctl,
            1, // KEYCTL_JOIN_SESSION_KEYRING
            0
        );

    public void NewSession() => Add("setsid", Syscall.setsid);

    /// <summary>Makes a descriptor one of 0, 1, 2. Its own number must be another.</summary>
    public void Duplicate(Register descriptor, int number) =>
        Add($"make descriptor {number}", Syscall.dup3, descriptor, number, 0);

    /// <summary>Makes the terminal at a descriptor the controlling one of this session. ioctl_tty(2), TIOCSCTTY.</summary>
    public void ControlTerminal(int descriptor) =>
        Add("take the controlling terminal", Syscall.ioctl, descriptor, Arg.Flags(0x540E), 0);

    /// <summary>Closes every descriptor from this one up at execve. close_range(2).</summary>
    public void CloseAtExecFrom(int descriptor) =>
        Add("close_range", Syscall.close_range, descriptor, int.MaxValue, Arg.Flags(4)); // CLOSE_RANGE_CLOEXEC

    public void SetHostname(string name) =>
        Add("sethostname", Syscall.sethostname, name, System.Text.Encoding.UTF8.GetByteCount(name));

    public void SetDomainname(string name) =>
        Add("setdomainname", Syscall.setdomainname, name, System.Text.Encoding.UTF8.GetByteCount(name));

    public void SetUmask(uint mask) => Add("umask", Syscall.umask, Arg.Flags(mask));

    /// <param name="resource">number of the limit, see <see cref="Processes.Rlimits"/></param>
    public void SetLimit(int resource, ulong soft, ulong hard, string name)
    {
        byte[] limit = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(limit, soft);
        BinaryPrimitives.WriteUInt64LittleEndian(limit.AsSpan(8), hard);
        Add($"set {name}", Syscall.prlimit64, 0, resource, Arg.Bytes(limit, $"{{{soft}, {hard}}}"), 0);
    }

    public void DropFromBoundingSet(int capability, string name) =>
        Add($"drop {name} from the bounding set", Syscall.prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);

    /// <summary>Lets the permitted capabilities survive the next change of user.</summary>
    public void KeepCapabilities() => Add("keep capabilities", Syscall.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);

    // Raw calls: libc's wrappers would signal the threads of the process this one was cloned from.
    public void SetUser(uint uid, uint gid, IReadOnlyList<uint> groups)
    {
        byte[] list = new byte[groups.Count * 4];
        for (int i = 0; i < groups.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(list.AsSpan(i * 4), groups[i]);
        string shown = $"[{string.Join(", ", groups)}]";
        Add("setgroups", Syscall.setgroups, groups.Count, Arg.Bytes(list, shown));
        Add($"set the group to {gid}", Syscall.setresgid, (int)gid, (int)gid, (int)gid);
        Add($"set the user to {uid}", Syscall.setresuid, (int)uid, (int)uid, (int)uid);
    }

    /// <summary>personality(2): an execution domain and its flags.</summary>
    public void SetPersonality(uint persona) => Add("set the personality", Syscall.personality, Arg.Flags(persona));

    /// <summary>ioprio_set(2) of this process.</summary>
    /// <param name="priority">class in the bits from 13 up, level below</param>
    public void SetIoPriority(int priority) => Add("set the I/O priority", Syscall.ioprio_set, 1, 0, Arg.Flags((ulong)priority));

    /// <summary>The processors that this process may run on: bit N is processor N. sched_setaffinity(2).</summary>
    public void SetAffinity(byte[] mask, string shown) =>
        Add($"set the CPU affinity to {shown}", Syscall.sched_setaffinity, 0, mask.Length, Arg.Bytes(mask, shown));

    /// <summary>struct sched_attr, sched_setattr(2); times in nanoseconds.</summary>
    public void SetScheduler(uint policy, ulong flags, int nice, uint priority, ulong runtime, ulong deadline, ulong period)
    {
        byte[] attr = new byte[48];
        BinaryPrimitives.WriteUInt32LittleEndian(attr, (uint)attr.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(attr.AsSpan(4), policy);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(8), flags);
        BinaryPrimitives.WriteInt32LittleEndian(attr.AsSpan(16), nice);
        BinaryPrimitives.WriteUInt32LittleEndian(attr.AsSpan(20), priority);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(24), runtime);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(32), deadline);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(40), period);
        Add("set the scheduler", Syscall.sched_setattr, 0, Arg.Bytes(attr, $"policy {policy}"), 0);
    }

    /// <summary>Bit N is capability N. capset(2), version 3.</summary>
    public void SetCapabilities(ulong effective, ulong permitted, ulong inheritable)
    {
        byte[] header = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x20080522);
        byte[] data = new byte[24];
        for (int half = 0; half < 2; half++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(half * 12), (uint)(effective >> (32 * half)));
            BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan((half * 12) + 4), (uint)(permitted >> (32 * half)));
            BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan((half * 12) + 8), (uint)(inheritable >> (32 * half)));
        }
        string shown = $"{{effective {effective:x}, permitted {permitted:x}, inheritable {inheritable:x}}}";
        Add("set capabilities", Syscall.capset, Arg.Bytes(header, "version 3"), Arg.Bytes(data, shown));
    }

    public void ClearAmbient() => Add("clear the ambient capabilities", Syscall.prctl, PR_CAP_AMBIENT, 4, 0, 0, 0); // PR_CAP_AMBIENT_CLEAR_ALL

    public void RaiseAmbient(int capability, string name) =>
        Add($"raise {name} in the ambient set", Syscall.prctl, PR_CAP_AMBIENT, 2, capability, 0, 0); // ..._RAISE

    public void NoNewPrivileges() => Add("no_new_privs", Syscall.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

    /// <param name="filter">an array of struct sock_filter, 8 bytes each</param>
    public void LoadSeccomp(byte[] filter, uint flags) =>
        Add("load the seccomp filter", Syscall.seccomp, 1, Arg.Flags(flags), Arg.Filter(filter)); // SET_MODE_FILTER

    /// <summary>
    /// Leaves this process behind as the first of its pid namespace: it reaps what is left to it, forwards signals to the
    /// process that takes the next step, and ends as that does. It has the rights it has now. All signals must be blocked.
    /// </summary>
    public void LeaveInit()
    {
        const int SIGCHLD = 17;
        ops.Add(
            new LaunchOp
            {
                What = "start the program under an init",
                Call = Syscall.clone,
                Arguments = [SIGCHLD, 0, 0, 0, 0],
                StaysAsInit = true,
            }
        );
    }

    /// <summary>Gives SIGPIPE its default action (the .NET runtime ignores it, and that survives execve) and unblocks all.</summary>
    public void ResetSignals()
    {
        const int SIGPIPE = 13;
        const int SignalSetBytes = 8;
        Add("reset SIGPIPE", Syscall.rt_sigaction, SIGPIPE, Arg.Bytes(new byte[32], "default"), 0, SignalSetBytes);
        Add("unblock signals", Syscall.rt_sigprocmask, 2, Arg.Bytes(new byte[8], "none"), 0, SignalSetBytes); // SIG_SETMASK
    }
}
