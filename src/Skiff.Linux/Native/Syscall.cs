// System call numbers, for the calls that libc has no wrapper for and for the child, which may use no wrapper.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

/// <summary>One system call: its name and its number on each architecture. syscalls(2).</summary>
internal readonly record struct Syscall(string Name, int X64, int Arm64)
{
    /// <summary>Calls since Linux 5.1 have one number everywhere.</summary>
    Syscall(string name, int number)
        : this(name, number, number) { }

    internal int Number => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64 : X64;

    internal static readonly Syscall read = new("read", 0, 63);
    internal static readonly Syscall write = new("write", 1, 64);
    internal static readonly Syscall close = new("close", 3, 57);
    internal static readonly Syscall rt_sigaction = new("rt_sigaction", 13, 134);
    internal static readonly Syscall rt_sigprocmask = new("rt_sigprocmask", 14, 135);
    internal static readonly Syscall pread64 = new("pread64", 17, 67);
    internal static readonly Syscall madvise = new("madvise", 28, 233);
    internal static readonly Syscall ioctl = new("ioctl", 16, 29);
    internal static readonly Syscall clone = new("clone", 56, 220);
    internal static readonly Syscall wait4 = new("wait4", 61, 260);
    internal static readonly Syscall kill = new("kill", 62, 129);
    internal static readonly Syscall rt_sigtimedwait = new("rt_sigtimedwait", 128, 137);
    internal static readonly Syscall execve = new("execve", 59, 221);
    internal static readonly Syscall fchdir = new("fchdir", 81, 50);
    internal static readonly Syscall chdir = new("chdir", 80, 49);
    internal static readonly Syscall umask = new("umask", 95, 166);
    internal static readonly Syscall setsid = new("setsid", 112, 157);
    internal static readonly Syscall setgroups = new("setgroups", 116, 159);
    internal static readonly Syscall setresuid = new("setresuid", 117, 147);
    internal static readonly Syscall setresgid = new("setresgid", 119, 149);
    internal static readonly Syscall setfsuid = new("setfsuid", 122, 151);
    internal static readonly Syscall setfsgid = new("setfsgid", 123, 152);
    internal static readonly Syscall personality = new("personality", 135, 92);
    internal static readonly Syscall ioprio_set = new("ioprio_set", 251, 30);
    internal static readonly Syscall sched_setaffinity = new("sched_setaffinity", 203, 122);
    internal static readonly Syscall sched_setattr = new("sched_setattr", 314, 274);
    internal static readonly Syscall capget = new("capget", 125, 90);
    internal static readonly Syscall capset = new("capset", 126, 91);
    internal static readonly Syscall statfs = new("statfs", 137, 43);
    internal static readonly Syscall pivot_root = new("pivot_root", 155, 41);
    internal static readonly Syscall prctl = new("prctl", 157, 167);
    internal static readonly Syscall mount = new("mount", 165, 40);
    internal static readonly Syscall umount2 = new("umount2", 166, 39);
    internal static readonly Syscall sethostname = new("sethostname", 170, 161);
    internal static readonly Syscall setdomainname = new("setdomainname", 171, 162);
    internal static readonly Syscall clock_gettime = new("clock_gettime", 228, 113);
    internal static readonly Syscall exit_group = new("exit_group", 231, 94);
    internal static readonly Syscall keyctl = new("keyctl", 250, 219);
    internal static readonly Syscall openat = new("openat", 257, 56);
    internal static readonly Syscall mkdirat = new("mkdirat", 258, 34);
    internal static readonly Syscall mknodat = new("mknodat", 259, 33);
    internal static readonly Syscall fchownat = new("fchownat", 260, 54);
    internal static readonly Syscall unlinkat = new("unlinkat", 263, 35);
    internal static readonly Syscall newfstatat = new("newfstatat", 262, 79);
    internal static readonly Syscall symlinkat = new("symlinkat", 266, 36);
    internal static readonly Syscall faccessat = new("faccessat", 269, 48);
    internal static readonly Syscall unshare = new("unshare", 272, 97);
    internal static readonly Syscall dup3 = new("dup3", 292, 24);
    internal static readonly Syscall prlimit64 = new("prlimit64", 302, 261);
    internal static readonly Syscall setns = new("setns", 308, 268);
    internal static readonly Syscall seccomp = new("seccomp", 317, 277);
    internal static readonly Syscall bpf = new("bpf", 321, 280);
    internal static readonly Syscall pidfd_send_signal = new("pidfd_send_signal", 424);
    internal static readonly Syscall open_tree = new("open_tree", 428);
    internal static readonly Syscall move_mount = new("move_mount", 429);
    internal static readonly Syscall fsopen = new("fsopen", 430);
    internal static readonly Syscall fsconfig = new("fsconfig", 431);
    internal static readonly Syscall fsmount = new("fsmount", 432);
    internal static readonly Syscall pidfd_open = new("pidfd_open", 434);
    internal static readonly Syscall clone3 = new("clone3", 435);
    internal static readonly Syscall close_range = new("close_range", 436);
    internal static readonly Syscall openat2 = new("openat2", 437);
    internal static readonly Syscall mount_setattr = new("mount_setattr", 442);
}
