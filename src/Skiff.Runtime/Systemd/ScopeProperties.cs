// linux.resources in systemd's words, as far as it has them: systemd.resource-control(5), org.freedesktop.systemd1(5).
using Skiff.Oci.Runtime;
using Skiff.Runtime.Cgroups;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Systemd;

internal static class ScopeProperties
{
    /// <summary>systemd counts quotas in steps of 10 ms a second, and rounds down what is finer.</summary>
    const ulong QuotaStepMicroseconds = 10_000;

    /// <summary>Of a new scope around one process.</summary>
    public static void Of(BusWriter all, string description, string slice, int pid, LinuxResources? limits)
    {
        Text(all, "Description", description);
        Text(all, "Slice", slice);
        Name(all, "PIDs", "au").Array(4, pids => pids.UInt32((uint)pid));
        Flag(all, "Delegate");
        foreach (string counted in (ReadOnlySpan<string>)["MemoryAccounting", "CPUAccounting", "IOAccounting", "TasksAccounting"])
            Flag(all, counted);
        // Or systemd would stop it before other units at shutdown, and only after what its slice needs.
        Name(all, "DefaultDependencies", "b").Boolean(false);
        if (limits is not null)
            Limits(all, limits);
    }

    public static void Limits(BusWriter all, LinuxResources limits)
    {
        if (limits.Memory?.Limit is long memory and not 0)
            Number(all, "MemoryMax", OrInfinite(memory));
        if (limits.Memory is { Swap: long both and not 0 })
            Number(all, "MemorySwapMax", OrInfinite(CgroupWrites.SwapAlone(both, limits.Memory.Limit ?? 0)));
        if (limits.Memory?.Reservation is long reserved and not 0)
            Number(all, "MemoryLow", OrInfinite(reserved));
        if (limits.Cpu?.Shares is ulong shares and not 0)
            Number(all, "CPUWeight", CgroupWrites.Weight(shares));
        if (limits.Cpu?.Quota is long quota and not 0)
            Number(all, "CPUQuotaPerSecUSec", PerSecond(quota, limits.Cpu.Period is > 0 ? limits.Cpu.Period.Value : 100_000));
        if (limits.Cpu?.Cpus is { Length: > 0 } processors)
            Mask(all, "AllowedCPUs", processors);
        if (limits.Cpu?.Mems is { Length: > 0 } nodes)
            Mask(all, "AllowedMemoryNodes", nodes);
        if (limits.Pids is { Limit: not 0 } pids)
            Number(all, "TasksMax", OrInfinite(pids.Limit));
    }

    internal static ulong PerSecond(long quota, ulong period)
    {
        if (quota < 0)
            return ulong.MaxValue;
        ulong exact = (ulong)quota * 1_000_000 / period;
        return (exact + QuotaStepMicroseconds - 1) / QuotaStepMicroseconds * QuotaStepMicroseconds;
    }

    static ulong OrInfinite(long value) => value < 0 ? ulong.MaxValue : (ulong)value;

    static void Text(BusWriter all, string name, string value) => Name(all, name, "s").String(value);

    static void Flag(BusWriter all, string name) => Name(all, name, "b").Boolean(true);

    static void Number(BusWriter all, string name, ulong value) => Name(all, name, "t").UInt64(value);

    static void Mask(BusWriter all, string name, string list)
    {
        if (SchedulingPlan.Processors(list) is { } mask)
            Name(all, name, "ay").Array(1, bits => bits.Append(mask));
    }

    static BusWriter Name(BusWriter all, string name, string type) => all.Align(8).String(name).Signature(type);
}
