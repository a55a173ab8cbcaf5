// Whose child an orphan becomes.
using Skiff.Linux.Native;

namespace Skiff.Linux.Processes;

public static class ChildReaper
{
    /// <summary>
    /// From now on the orphans among this process's descendants become its children: it can wait for them, and must.
    /// PR_SET_CHILD_SUBREAPER, prctl(2).
    /// </summary>
    public static void Become()
    {
        const int PR_SET_CHILD_SUBREAPER = 36;
        Libc.Check(Libc.Call(Syscall.prctl, PR_SET_CHILD_SUBREAPER, 1), "prctl", "PR_SET_CHILD_SUBREAPER");
    }
}
