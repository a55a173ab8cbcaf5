// Other limits and another restart policy for a container, running or not.
using Skiff.Engine.Bundles;

namespace Skiff.Engine.Containers;

/// <summary>What is to change; 0, "" and null change nothing. Units as in <see cref="HostSettings"/>.</summary>
public sealed record ContainerUpdate
{
    public RestartRule? Restart { get; init; }
    public long MemoryBytes { get; init; }
    public long MemoryReservationBytes { get; init; }
    public long MemorySwapBytes { get; init; }
    public long NanoCpus { get; init; }
    public long CpuShares { get; init; }
    public long CpuQuotaMicroseconds { get; init; }
    public long CpuPeriodMicroseconds { get; init; }
    public long CpuRealtimePeriodMicroseconds { get; init; }
    public long CpuRealtimeRuntimeMicroseconds { get; init; }
    public int BlkioWeight { get; init; }
    public string CpusetCpus { get; init; } = "";
    public string CpusetMems { get; init; } = "";

    /// <summary>-1: not limited any more.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>True if a cgroup has to hear of it.</summary>
    internal bool ChangesLimits => this with { Restart = null } != new ContainerUpdate();

    /// <summary>The settings as they would be.</summary>
    /// <exception cref="EngineException">InvalidParameter: it contradicts what was set before, in Docker's words</exception>
    internal HostSettings Apply(HostSettings host)
    {
        if (NanoCpus > 0 && host.CpuPeriodMicroseconds > 0)
            throw EngineException.Invalid("Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set");
        if (NanoCpus > 0 && host.CpuQuotaMicroseconds > 0)
            throw EngineException.Invalid("Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set");
        if (CpuPeriodMicroseconds > 0 && host.NanoCpus > 0)
            throw EngineException.Invalid("Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set");
        if (CpuQuotaMicroseconds != 0 && host.NanoCpus > 0)
            throw EngineException.Invalid("Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set");
        if (MemoryBytes > 0 && MemorySwapBytes == 0 && host.MemorySwapBytes > 0 && MemoryBytes > host.MemorySwapBytes)
            throw EngineException.Invalid(
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
            );
        if (Restart is not null && host.AutoRemove && Restart.Name != RestartRule.No)
            throw EngineException.Invalid("Restart policy cannot be updated because AutoRemove is enabled for the container");
        return host with
        {
            Restart = Restart ?? host.Restart,
            MemoryBytes = Or(MemoryBytes, host.MemoryBytes),
            MemoryReservationBytes = Or(MemoryReservationBytes, host.MemoryReservationBytes),
            MemorySwapBytes = Or(MemorySwapBytes, host.MemorySwapBytes),
            NanoCpus = Or(NanoCpus, host.NanoCpus),
            CpuShares = Or(CpuShares, host.CpuShares),
            CpuQuotaMicroseconds = Or(CpuQuotaMicroseconds, host.CpuQuotaMicroseconds),
            CpuPeriodMicroseconds = Or(CpuPeriodMicroseconds, host.CpuPeriodMicroseconds),
            CpuRealtimePeriodMicroseconds = Or(CpuRealtimePeriodMicroseconds, host.CpuRealtimePeriodMicroseconds),
            CpuRealtimeRuntimeMicroseconds = Or(CpuRealtimeRuntimeMicroseconds, host.CpuRealtimeRuntimeMicroseconds),
            BlkioWeight = BlkioWeight != 0 ? (ushort)BlkioWeight : host.BlkioWeight,
            CpusetCpus = CpusetCpus.Length > 0 ? CpusetCpus : host.CpusetCpus,
            CpusetMems = CpusetMems.Length > 0 ? CpusetMems : host.CpusetMems,
            PidsLimit = PidsLimit ?? host.PidsLimit,
        };
    }

    static long Or(long changed, long before) => changed != 0 ? changed : before;
}
