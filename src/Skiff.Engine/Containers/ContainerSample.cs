// What a container had used at a moment, as the engine tells it to its doors.
using Skiff.Linux.Cgroups;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Containers;

/// <summary>Counters since the container's start; times in nanoseconds, sizes in bytes.</summary>
public sealed record ContainerSample
{
    public required DateTimeOffset Time { get; init; }
    public required CpuUse Cpu { get; init; }
    public required MemoryUse Memory { get; init; }
    public ulong Processes { get; init; }

    /// <summary>ulong.MaxValue: none.</summary>
    public ulong ProcessLimit { get; init; }
    public required IReadOnlyList<BlockUse> BlockBytes { get; init; }
    public required IReadOnlyList<BlockUse> BlockOperations { get; init; }

    /// <summary>null: it has no network of its own.</summary>
    public IReadOnlyList<NetworkUse>? Networks { get; init; }

    /// <summary>The kernel counted by its first version of cgroups.</summary>
    public bool IsCgroupV1 { get; init; }

    internal static ContainerSample Of(CgroupCounters counters, IReadOnlyList<InterfaceCounters>? interfaces, HostUse host) =>
        new()
        {
            Time = DateTimeOffset.UtcNow,
            Cpu = new CpuUse(
                counters.CpuTotalNanoseconds,
                counters.CpuUserNanoseconds,
                counters.CpuKernelNanoseconds,
                counters.CpuOfEachNanoseconds,
                host.CpuNanoseconds,
                host.OnlineCpus,
                counters.CpuPeriods,
                counters.CpuThrottledPeriods,
                counters.CpuThrottledNanoseconds
            ),
            Memory = new MemoryUse(
                counters.MemoryBytes,
                counters.MemoryMaxBytes,
                Math.Min(counters.MemoryLimitBytes, host.MemoryBytes),
                counters.MemoryFailures,
                counters.Memory
            ),
            Processes = counters.Processes,
            ProcessLimit = counters.ProcessLimit,
            BlockBytes = [.. counters.BlockBytes.Select(b => new BlockUse(b.Major, b.Minor, b.Operation, b.Value))],
            BlockOperations = [.. counters.BlockOperations.Select(b => new BlockUse(b.Major, b.Minor, b.Operation, b.Value))],
            Networks = interfaces
                ?.Select(i => new NetworkUse(
                    i.Name,
                    new TrafficUse(i.ReceivedBytes, i.ReceivedPackets, i.ReceiveErrors, i.ReceiveDropped),
                    new TrafficUse(i.SentBytes, i.SentPackets, i.SendErrors, i.SendDropped)
                ))
                .ToList(),
            IsCgroupV1 = counters.CpuOfEachNanoseconds.Count > 0,
        };
}

/// <param name="OfEach">by processor; empty where the kernel does not tell</param>
/// <param name="System">of the whole machine, all processors together</param>
public sealed record CpuUse(
    ulong Total,
    ulong User,
    ulong Kernel,
    IReadOnlyList<ulong> OfEach,
    ulong System,
    int OnlineCpus,
    ulong Periods,
    ulong ThrottledPeriods,
    ulong ThrottledTime
);

/// <param name="Max">the highest ever; 0 where the kernel does not tell</param>
/// <param name="Limit">its own, or all memory of the machine</param>
/// <param name="Failures">times that the limit was hit</param>
/// <param name="Details">the kernel's memory.stat</param>
public sealed record MemoryUse(ulong Bytes, ulong Max, ulong Limit, ulong Failures, IReadOnlyDictionary<string, ulong> Details);

/// <param name="Operation">"Read", "Write" and others, in the kernel's case</param>
public sealed record BlockUse(ulong Major, ulong Minor, string Operation, ulong Value);

public sealed record NetworkUse(string Interface, TrafficUse Received, TrafficUse Sent);

public sealed record TrafficUse(ulong Bytes, ulong Packets, ulong Errors, ulong Dropped);

/// <summary>The machine beside its containers.</summary>
internal sealed record HostUse(ulong CpuNanoseconds, int OnlineCpus, ulong MemoryBytes);
