// Calls that start, signal and reap processes.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

internal static unsafe partial class Libc
{
    // Numbers of system calls that Debian 12's glibc has no function for; the same on x86-64 and arm64.
    internal const nint SYS_pidfd_send_signal = 424;
    internal const nint SYS_pidfd_open = 434;

    internal const int P_PIDFD = 3;
    internal const int WNOHANG = 1;
    internal const int WEXITED = 4;

    /// <summary>Bytes of siginfo_t.</summary>
    internal const int SiginfoBytes = 128;

    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x08;
    internal const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>Bytes enough for posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) of glibc.</summary>
    internal const int SpawnObjectBytes = 512;

    /// <summary>Bytes of sigset_t in glibc.</summary>
    internal const int SigsetBytes = 128;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint pidfd_syscall(nint number, nint a0, nint a1, nint a2, nint a3);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitid(int idType, uint id, byte* siginfo, int options);

    // The posix_spawn family returns its error instead of setting errno. SetLastError all the same: without it the
    // generator emits a plain [DllImport], which is banned.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int from);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int malloc_trim(nuint pad);
}
