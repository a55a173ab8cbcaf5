// Names and numbers of capabilities. capabilities(7).
using System.Globalization;
using Skiff.Linux.Native;

namespace Skiff.Linux.Processes;

public static unsafe class Capabilities
{
    static readonly string[] Names =
    [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN",
        "CAP_NET_RAW",
        "CAP_IPC_LOCK",
        "CAP_IPC_OWNER",
        "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE",
        "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",
        "CAP_MKNOD",
        "CAP_LEASE",
        "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP",
        "CAP_MAC_OVERRIDE",
        "CAP_MAC_ADMIN",
        "CAP_SYSLOG",
        "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ",
        "CAP_PERFMON",
        "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>Every name, in the order of the numbers.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>The number of "CAP_NET_RAW"; null if there is no such capability.</summary>
    public static int? TryParse(string name)
    {
        int index = Array.IndexOf(Names, name);
        return index < 0 ? null : index;
    }

    public static string NameOf(int capability) => capability < Names.Length ? Names[capability] : $"capability {capability}";

    /// <summary>What this process may have and hand on: bit N is capability N. capget(2).</summary>
    public static ulong Permitted()
    {
        ulong header = 0x20080522; // version 3, this process
        uint* data = stackalloc uint[6]; // effective, permitted, inheritable: lower half, upper half
        Libc.Check(Libc.Call(Syscall.capget, (nint)(&header), (nint)data), "capget");
        return data[1] | ((ulong)data[4] << 32);
    }

    /// <summary>Makes all effective, on this thread, that is permitted. capset(2).</summary>
    internal static void RaiseAll()
    {
        ulong header = 0x20080522;
        uint* data = stackalloc uint[6];
        Libc.Check(Libc.Call(Syscall.capget, (nint)(&header), (nint)data), "capget");
        data[0] = data[1];
        data[3] = data[4];
        Libc.Check(Libc.Call(Syscall.capset, (nint)(&header), (nint)data), "capset");
    }

    /// <summary>
    /// Names of what this process can do and hand on: in a container or under a unit's limits it is not all that the
    /// kernel knows. proc_pid_status(5), CapEff and CapBnd.
    /// </summary>
    public static IReadOnlyList<string> Available()
    {
        ulong bits = ulong.MaxValue;
        foreach (string line in KernelFile.Read("/proc/self/status").Split('\n'))
            if (line.StartsWith("CapEff:", StringComparison.Ordinal) || line.StartsWith("CapBnd:", StringComparison.Ordinal))
                bits &= ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return [.. Names.Where((_, number) => (bits >> number & 1) == 1)];
    }

    /// <summary>The highest capability that the running kernel knows.</summary>
    public static int Last() =>
        int.Parse(KernelFile.Read("/proc/sys/kernel/cap_last_cap").AsSpan().Trim(), CultureInfo.InvariantCulture);
}
