// When a process gets processors and disks: process.scheduler, process.ioPriority; and linux.personality.
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>runtime-spec: config.md, Linux process; config-linux.md, Personality. SpecValidator has checked the words.</summary>
internal static class SchedulingPlan
{
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

    /// <summary>personality(2): PER_LINUX, or PER_LINUX32, by which a process sees a 32-bit machine.</summary>
    public static uint Persona(LinuxPersonality personality) => personality.Domain == "LINUX32" ? 8u : 0u;
}
