// The "linux" member of config.json, as types (config-linux.md).
using System.Text.Json.Serialization;

namespace Skiff.Oci.Runtime;

/// <summary>runtime-spec: config-linux.md.</summary>
public sealed record LinuxSpec
{
    public IReadOnlyList<LinuxNamespace>? Namespaces { get; init; }
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
    public IReadOnlyDictionary<string, TimeOffset>? TimeOffsets { get; init; }
    public IReadOnlyList<LinuxDevice>? Devices { get; init; }
    public string? CgroupsPath { get; init; }
    public LinuxResources? Resources { get; init; }
    public string? RootfsPropagation { get; init; }
    public LinuxSeccomp? Seccomp { get; init; }
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }
    public IReadOnlyList<string>? MaskedPaths { get; init; }
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }
    public string? MountLabel { get; init; }
    public LinuxIntelRdt? IntelRdt { get; init; }
    public LinuxPersonality? Personality { get; init; }
    public IReadOnlyDictionary<string, LinuxNetDevice>? NetDevices { get; init; }
    public LinuxMemoryPolicy? MemoryPolicy { get; init; }
}

public sealed record LinuxNamespace
{
    /// <summary>pid, network, mount, ipc, uts, user, cgroup or time.</summary>
    public required string Type { get; init; }

    /// <summary>The namespace to join; null makes a new one.</summary>
    public string? Path { get; init; }
}

public sealed record IdMapping
{
    [JsonPropertyName("containerID")]
    public uint ContainerId { get; init; }

    [JsonPropertyName("hostID")]
    public uint HostId { get; init; }
    public uint Size { get; init; }
}

public sealed record TimeOffset
{
    public long Secs { get; init; }
    public uint Nanosecs { get; init; }
}

public sealed record LinuxDevice
{
    /// <summary>c, b, u or p.</summary>
    public required string Type { get; init; }
    public required string Path { get; init; }
    public long? Major { get; init; }
    public long? Minor { get; init; }
    public uint? FileMode { get; init; }
    public uint? Uid { get; init; }
    public uint? Gid { get; init; }
}

public sealed record LinuxCapabilities
{
    public IReadOnlyList<string>? Bounding { get; init; }
    public IReadOnlyList<string>? Effective { get; init; }
    public IReadOnlyList<string>? Inheritable { get; init; }
    public IReadOnlyList<string>? Permitted { get; init; }
    public IReadOnlyList<string>? Ambient { get; init; }
}

public sealed record LinuxScheduler
{
    public string? Policy { get; init; }
    public int? Nice { get; init; }
    public int? Priority { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
    public ulong? Runtime { get; init; }
    public ulong? Deadline { get; init; }
    public ulong? Period { get; init; }
}

public sealed record LinuxIoPriority
{
    public string? Class { get; init; }
    public int Priority { get; init; }
}

/// <summary>Processors as "0-3,7": before the process is in the container's cgroup, and from then on.</summary>
public sealed record LinuxCpuAffinity
{
    public string? Initial { get; init; }
    public string? Final { get; init; }
}

/// <summary>Since runtime-spec 1.3. Only that there is one is of interest.</summary>
public sealed record LinuxNetDevice
{
    public string? Name { get; init; }
}

/// <summary>Since runtime-spec 1.3. Only that it is there is of interest.</summary>
public sealed record LinuxMemoryPolicy
{
    public string? Mode { get; init; }
}

public sealed record LinuxPersonality
{
    public string? Domain { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
}

/// <summary>runtime-spec: config-linux.md, Control groups.</summary>
public sealed record LinuxResources
{
    public IReadOnlyList<LinuxDeviceRule>? Devices { get; init; }
    public LinuxMemory? Memory { get; init; }
    public LinuxCpu? Cpu { get; init; }
    public LinuxPids? Pids { get; init; }
    public LinuxBlockIO? BlockIO { get; init; }
    public IReadOnlyList<LinuxHugepageLimit>? HugepageLimits { get; init; }
    public LinuxNetwork? Network { get; init; }

    /// <summary>By device: "mlx5_1".</summary>
    public IReadOnlyDictionary<string, LinuxRdma>? Rdma { get; init; }
    public IReadOnlyDictionary<string, string>? Unified { get; init; }
}

public sealed record LinuxHugepageLimit
{
    /// <summary>"2MB", as the kernel names it.</summary>
    public required string PageSize { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Limit { get; init; }
}

/// <summary>Of cgroup v1 only.</summary>
public sealed record LinuxNetwork
{
    [JsonPropertyName("classID")]
    public uint? ClassId { get; init; }
    public IReadOnlyList<LinuxInterfacePriority>? Priorities { get; init; }
}

public sealed record LinuxInterfacePriority
{
    public required string Name { get; init; }
    public uint Priority { get; init; }
}

public sealed record LinuxRdma
{
    public uint? HcaHandles { get; init; }
    public uint? HcaObjects { get; init; }
}

/// <summary>runtime-spec: config-linux.md, IntelRdt. Only that it is there is of interest.</summary>
public sealed record LinuxIntelRdt
{
    [JsonPropertyName("closID")]
    public string? ClosId { get; init; }
}

public sealed record LinuxDeviceRule
{
    public bool Allow { get; init; }

    /// <summary>a, c or b; null is a.</summary>
    public string? Type { get; init; }
    public long? Major { get; init; }
    public long? Minor { get; init; }

    /// <summary>Letters of rwm.</summary>
    public string? Access { get; init; }
}

/// <summary>Bytes; -1 is unlimited.</summary>
public sealed record LinuxMemory
{
    public long? Limit { get; init; }
    public long? Reservation { get; init; }

    /// <summary>Memory and swap together, as in cgroup v1.</summary>
    public long? Swap { get; init; }
    public ulong? Swappiness { get; init; }
    public bool? DisableOOMKiller { get; init; }

    /// <summary>Kernel memory: without effect in kernels since 5.16.</summary>
    public long? Kernel { get; init; }

    /// <summary>As <see cref="Kernel"/>.</summary>
    [JsonPropertyName("kernelTCP")]
    public long? KernelTcp { get; init; }

    /// <summary>A limit below what is in use is an error.</summary>
    public bool? CheckBeforeUpdate { get; init; }
}

public sealed record LinuxCpu
{
    public ulong? Shares { get; init; }

    /// <summary>Microseconds per period.</summary>
    public long? Quota { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? Period { get; init; }

    /// <summary>Microseconds of unused quota that may be used later.</summary>
    public ulong? Burst { get; init; }
    public long? RealtimeRuntime { get; init; }
    public ulong? RealtimePeriod { get; init; }
    public string? Cpus { get; init; }
    public string? Mems { get; init; }
    public long? Idle { get; init; }
}

public sealed record LinuxPids
{
    public long Limit { get; init; }
}

public sealed record LinuxBlockIO
{
    public ushort? Weight { get; init; }

    /// <summary>Of a scheduler that no kernel has any more.</summary>
    public ushort? LeafWeight { get; init; }
    public IReadOnlyList<LinuxWeightDevice>? WeightDevice { get; init; }
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadBpsDevice { get; init; }
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteBpsDevice { get; init; }
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadIOPSDevice { get; init; }
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteIOPSDevice { get; init; }
}

public sealed record LinuxWeightDevice
{
    public long Major { get; init; }
    public long Minor { get; init; }
    public ushort? Weight { get; init; }
}

public sealed record LinuxThrottleDevice
{
    public long Major { get; init; }
    public long Minor { get; init; }
    public ulong Rate { get; init; }
}

/// <summary>runtime-spec: config-linux.md, Seccomp.</summary>
public sealed record LinuxSeccomp
{
    /// <summary>"SCMP_ACT_ERRNO" and its kin.</summary>
    public required string DefaultAction { get; init; }
    public uint? DefaultErrnoRet { get; init; }

    /// <summary>"SCMP_ARCH_X86_64" and its kin.</summary>
    public IReadOnlyList<string>? Architectures { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
    public string? ListenerPath { get; init; }
    public IReadOnlyList<LinuxSyscall>? Syscalls { get; init; }
}

public sealed record LinuxSyscall
{
    public required IReadOnlyList<string> Names { get; init; }
    public required string Action { get; init; }
    public uint? ErrnoRet { get; init; }
    public IReadOnlyList<LinuxSeccompArg>? Args { get; init; }
}

public sealed record LinuxSeccompArg
{
    public uint Index { get; init; }
    public ulong Value { get; init; }
    public ulong ValueTwo { get; init; }

    /// <summary>"SCMP_CMP_EQ" and its kin.</summary>
    public required string Op { get; init; }
}
