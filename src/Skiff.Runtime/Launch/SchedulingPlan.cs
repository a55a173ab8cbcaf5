// When a process gets processors and disks: process.scheduler, process.ioPriority; and linux.personality.
using System.Globalization;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>runtime-spec: config.md, Linux process; config-linux.md, Personality. SpecValidator has checked the words.</summary>
internal static class SchedulingPlan
{
    const int MostProcessors = 8192; // as CONFIG_NR_CPUS has it at most

    static readonly string[] Policies =
    [
        "SCHED_OTHER",
        "SCHED_FIFO",
        "SCHED_RR",
        "SCHED_BATCH",
        "SCHED_ISO",
        "SCHED_IDLE",
        "SCHED_DEADLINE",
    ];
    static readonly string[] Flags =
    [
        "SCHED_FLAG_RESET_ON_FORK",
        "SCHED_FLAG_RECLAIM",
        "SCHED_FLAG_DL_OVERRUN",
        "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS",
        "SCHED_FLAG_UTIL_CLAMP_MIN",
        "SCHED_FLAG_UTIL_CLAMP_MAX",
    ];
    static readonly string[] Classes = ["", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"];

    /// <summary>The first word that no kernel knows; null if all are known.</summary>
    public static string? Unknown(SpecProcess process)
    {
        if (process.Scheduler is { } s)
        {
            if (!Policies.Contains(s.Policy ?? ""))
                return $"scheduler policy {s.Policy}";
            if (s.Flags?.FirstOrDefault(f => !Flags.Contains(f)) is { } flag)
                return $"scheduler flag {flag}";
        }
        return process.IoPriority is { } io && (io.Class is null or "" || !Classes.Contains(io.Class))
            ? $"I/O priority class {io.Class}"
            : null;
    }

    public static void Of(LaunchPlan plan, SpecProcess process)
    {
        if (process.Scheduler is { } s)
            plan.SetScheduler(
                (uint)Array.IndexOf(Policies, s.Policy),
                (s.Flags ?? []).Aggregate(0UL, (bits, f) => bits | (1UL << Array.IndexOf(Flags, f))),
                s.Nice ?? 0,
                (uint)(s.Priority ?? 0),
                s.Runtime ?? 0,
                s.Deadline ?? 0,
                s.Period ?? 0
            );
        if (process.IoPriority is { } io)
            plan.SetIoPriority((Array.IndexOf(Classes, io.Class) << 13) | (io.Priority & 7));
    }

    /// <summary>runtime-spec: config.md, execCPUAffinity.</summary>
    /// <param name="processors">null or empty: those of the parent</param>
    public static void Affinity(LaunchPlan plan, string? processors)
    {
        if (processors is { Length: > 0 })
            plan.SetAffinity(Processors(processors)!, processors);
    }

    /// <summary>"0-3,7" as a mask, in whole words of 64 bits; null if it is no such list.</summary>
    public static byte[]? Processors(string list)
    {
        byte[] mask = new byte[MostProcessors / 8];
        foreach (string range in list.Split(','))
        {
            string[] ends = range.Trim().Split('-');
            if (
                ends.Length > 2
                || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
                || first > last
                || last >= MostProcessors
            )
                return null;
            for (int i = first; i <= last; i++)
                mask[i / 8] |= (byte)(1 << (i % 8));
        }
        return mask;
    }

    /// <summary>personality(2): PER_LINUX, or PER_LINUX32, by which a process sees a 32-bit machine.</summary>
    public static uint Persona(LinuxPersonality personality) => personality.Domain == "LINUX32" ? 8u : 0u;
}
