// Engine API, section Containers: GET /containers/{id}/stats.
using System.Text.Json.Serialization;
using Skiff.Oci.Images;

namespace Skiff.Docker;

/// <summary>One frame. Of a container that does not run, all counters are absent or 0.</summary>
public sealed record StatsBody
{
    /// <summary>With a leading slash.</summary>
    [JsonPropertyName("name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonPropertyName("read")]
    public string Read { get; init; } = DockerTime.Zero;

    /// <summary>Of the frame before, whose counters are PreCpu.</summary>
    [JsonPropertyName("preread")]
    public string PreRead { get; init; } = DockerTime.Zero;

    [JsonPropertyName("pids_stats")]
    public StatsPids Pids { get; init; } = new();

    [JsonPropertyName("blkio_stats")]
    public StatsBlkio Blkio { get; init; } = new();

    [JsonPropertyName("num_procs")]
    public int ProcessCount { get; init; }

    [JsonPropertyName("storage_stats")]
    public EmptyObject Storage { get; init; } = new();

    [JsonPropertyName("cpu_stats")]
    public StatsCpu Cpu { get; init; } = new();

    [JsonPropertyName("precpu_stats")]
    public StatsCpu PreCpu { get; init; } = new();

    [JsonPropertyName("memory_stats")]
    public StatsMemory Memory { get; init; } = new();

    /// <summary>By interface; absent where the host's network is used.</summary>
    [JsonPropertyName("networks"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, StatsNetwork>? Networks { get; init; }
}

public sealed record StatsPids
{
    [JsonPropertyName("current"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Current { get; init; }

    [JsonPropertyName("limit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

public sealed record StatsBlkio
{
    [JsonPropertyName("io_service_bytes_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Bytes { get; init; }

    [JsonPropertyName("io_serviced_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Operations { get; init; }

    // What only a scheduler of old kernels counted.
    [JsonPropertyName("io_queue_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Queue { get; init; }

    [JsonPropertyName("io_service_time_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? ServiceTime { get; init; }

    [JsonPropertyName("io_wait_time_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? WaitTime { get; init; }

    [JsonPropertyName("io_merged_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Merged { get; init; }

    [JsonPropertyName("io_time_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Time { get; init; }

    [JsonPropertyName("sectors_recursive")]
    public IReadOnlyList<StatsBlkioEntry>? Sectors { get; init; }
}

/// <param name="Operation">"Read" or "Write"; in lower case from cgroup v2</param>
public sealed record StatsBlkioEntry(
    [property: JsonPropertyName("major")] ulong Major,
    [property: JsonPropertyName("minor")] ulong Minor,
    [property: JsonPropertyName("op")] string Operation,
    [property: JsonPropertyName("value")] ulong Value
);

public sealed record StatsCpu
{
    [JsonPropertyName("cpu_usage")]
    public StatsCpuUsage Usage { get; init; } = new();

    /// <summary>Nanoseconds of all processors.</summary>
    [JsonPropertyName("system_cpu_usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong System { get; init; }

    [JsonPropertyName("online_cpus"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int OnlineCpus { get; init; }

    [JsonPropertyName("throttling_data")]
    public StatsThrottling Throttling { get; init; } = new();
}

/// <summary>Nanoseconds.</summary>
public sealed record StatsCpuUsage
{
    [JsonPropertyName("total_usage")]
    public ulong Total { get; init; }

    [JsonPropertyName("percpu_usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? OfEach { get; init; }

    [JsonPropertyName("usage_in_kernelmode")]
    public ulong Kernel { get; init; }

    [JsonPropertyName("usage_in_usermode")]
    public ulong User { get; init; }
}

public sealed record StatsThrottling
{
    [JsonPropertyName("periods")]
    public ulong Periods { get; init; }

    [JsonPropertyName("throttled_periods")]
    public ulong ThrottledPeriods { get; init; }

    /// <summary>Nanoseconds.</summary>
    [JsonPropertyName("throttled_time")]
    public ulong ThrottledTime { get; init; }
}

/// <summary>Bytes.</summary>
public sealed record StatsMemory
{
    [JsonPropertyName("usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Usage { get; init; }

    [JsonPropertyName("max_usage"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong MaxUsage { get; init; }

    [JsonPropertyName("stats"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, ulong>? Stats { get; init; }

    [JsonPropertyName("failcnt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Failures { get; init; }

    [JsonPropertyName("limit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

public sealed record StatsNetwork
{
    [JsonPropertyName("rx_bytes")]
    public ulong ReceivedBytes { get; init; }

    [JsonPropertyName("rx_packets")]
    public ulong ReceivedPackets { get; init; }

    [JsonPropertyName("rx_errors")]
    public ulong ReceiveErrors { get; init; }

    [JsonPropertyName("rx_dropped")]
    public ulong ReceiveDropped { get; init; }

    [JsonPropertyName("tx_bytes")]
    public ulong SentBytes { get; init; }

    [JsonPropertyName("tx_packets")]
    public ulong SentPackets { get; init; }

    [JsonPropertyName("tx_errors")]
    public ulong SendErrors { get; init; }

    [JsonPropertyName("tx_dropped")]
    public ulong SendDropped { get; init; }
}
