// Takes the wait out of joining v1 cgroups.

namespace Skiff.Linux.Cgroups;

/// <summary>
/// A write to cgroup.procs takes a lock whose writers wait for an RCU grace period first: 8 ms on an idle machine with
/// 250 Hz, more than all else of a launch. For about as long afterwards the next writer does not wait. So whoever knows
/// that a process will soon join writes first, beside other work: itself, to where it is already. (A process enters a
/// v2 cgroup at its birth, which takes no such lock.)
/// </summary>
public sealed class CgroupJoins : IDisposable
{
    readonly Fd procs;

    CgroupJoins(Fd procs) => this.procs = procs;

    /// <summary>null on a machine without v1 hierarchies, where there is nothing to gain.</summary>
    /// <exception cref="ErrnoException">the cgroup of this process cannot be opened</exception>
    public static CgroupJoins? Open()
    {
        CgroupHierarchy? first = CgroupHierarchy.Detect().FirstOrDefault(h => !h.IsV2);
        if (first is null || !CgroupHierarchy.Own().TryGetValue(first.OwnKey, out string? own))
            return null;
        string below = first.Root != "/" && own.StartsWith(first.Root, StringComparison.Ordinal) ? own[first.Root.Length..] : own;
        return new CgroupJoins(KernelFile.OpenForWriting($"{first.MountPoint}{below}/cgroup.procs"));
    }

    /// <summary>Blocks for the grace period, if one is due, without using the processor.</summary>
    public void Quicken() => KernelFile.Write(procs, "0"); // 0: the writer

    public void Dispose() => procs.Dispose();
}
