// Keeps others out of this process.
using Skiff.Linux.Native;

namespace Skiff.Linux.Processes;

public static class ProcessMemory
{
    /// <summary>
    /// From now on nobody without CAP_SYS_PTRACE on the host reads this process's or its clones' memory, descriptors or
    /// executable through /proc, until they execve. Needed before a clone shows up in a container's pid namespace:
    /// PR_SET_DUMPABLE in prctl(2), CVE-2019-5736.
    /// </summary>
    public static void Hide()
    {
        const int PR_SET_DUMPABLE = 4;
        Libc.Check(Libc.Call(Syscall.prctl, PR_SET_DUMPABLE, 0), "prctl", "PR_SET_DUMPABLE");
    }
}
