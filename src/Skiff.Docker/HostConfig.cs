// Engine API, section Containers: how a container runs on this host. Every member is here, so that what an engine lacks it can refuse by name.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

/// <summary>"HostConfig" of create and inspect, in Docker's order: own members are written before those of the base.</summary>
public sealed record HostConfig : ResourcesShape
{
    public IReadOnlyList<string>? Binds { get; init; }

    public string ContainerIDFile
    {
        get;
        init => field = value ?? "";
    } = "";

    public LogConfig? LogConfig { get; init; } = new();

    public string NetworkMode
    {
        get;
        init => field = value ?? "";
    } = "";

    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? PortBindings { get; init; }

    public RestartPolicy? RestartPolicy { get; init; } = new();

    public bool AutoRemove { get; init; }

    public string VolumeDriver
    {
        get;
        init => field = value ?? "";
    } = "";

    public IReadOnlyList<string>? VolumesFrom { get; init; }

    /// <summary>Rows, columns of the client's terminal.</summary>
    public IReadOnlyList<int>? ConsoleSize { get; init; } = [0, 0];

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public IReadOnlyList<string>? CapAdd { get; init; }

    public IReadOnlyList<string>? CapDrop { get; init; }

    public string CgroupnsMode
    {
        get;
        init => field = value ?? "";
    } = "";

    public IReadOnlyList<string>? Dns { get; init; }

    public IReadOnlyList<string>? DnsOptions { get; init; }

    public IReadOnlyList<string>? DnsSearch { get; init; }

    public IReadOnlyList<string>? ExtraHosts { get; init; }

    public IReadOnlyList<string>? GroupAdd { get; init; }

    public string IpcMode
    {
        get;
        init => field = value ?? "";
    } = "";

    public string Cgroup
    {
        get;
        init => field = value ?? "";
    } = "";

    public IReadOnlyList<string>? Links { get; init; }

    public int OomScoreAdj { get; init; }

    public string PidMode
    {
        get;
        init => field = value ?? "";
    } = "";

    public bool Privileged { get; init; }

    public bool PublishAllPorts { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public IReadOnlyList<string>? SecurityOpt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? StorageOpt { get; init; }

    /// <summary>Destination to mount options.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    public string UTSMode
    {
        get;
        init => field = value ?? "";
    } = "";

    public string UsernsMode
    {
        get;
        init => field = value ?? "";
    } = "";

    /// <summary>Bytes.</summary>
    public long ShmSize { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Sysctls { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Runtime { get; init; }

    public string Isolation
    {
        get;
        init => field = value ?? "";
    } = "";

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MountBody>? Mounts { get; init; }

    [JsonPropertyOrder(1)]
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    [JsonPropertyOrder(1)]
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    [JsonPropertyOrder(1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Init { get; init; }
}

/// <summary>Limits: the part of HostConfig that update may change. Bytes; CPU times in microseconds.</summary>
public abstract record ResourcesShape
{
    public long CpuShares { get; init; }
    public long Memory { get; init; }
    public long NanoCpus { get; init; }
    public string CgroupParent
    {
        get;
        init => field = value ?? "";
    } = "";
    public ushort BlkioWeight { get; init; }
    public IReadOnlyList<WeightDevice>? BlkioWeightDevice { get; init; }
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadBps { get; init; }
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteBps { get; init; }
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadIOps { get; init; }
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteIOps { get; init; }
    public long CpuPeriod { get; init; }
    public long CpuQuota { get; init; }
    public long CpuRealtimePeriod { get; init; }
    public long CpuRealtimeRuntime { get; init; }
    public string CpusetCpus
    {
        get;
        init => field = value ?? "";
    } = "";
    public string CpusetMems
    {
        get;
        init => field = value ?? "";
    } = "";
    public IReadOnlyList<DeviceMapping>? Devices { get; init; }
    public IReadOnlyList<string>? DeviceCgroupRules { get; init; }
    public IReadOnlyList<DeviceRequestBody>? DeviceRequests { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long KernelMemory { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long KernelMemoryTCP { get; init; }
    public long MemoryReservation { get; init; }

    /// <summary>Memory and swap together; -1 is unlimited.</summary>
    public long MemorySwap { get; init; }

    /// <summary>0-100; -1 or null leaves the kernel's.</summary>
    public long? MemorySwappiness { get; init; }
    public bool? OomKillDisable { get; init; }

    /// <summary>null, 0 and -1 are unlimited.</summary>
    public long? PidsLimit { get; init; }
    public IReadOnlyList<UlimitBody>? Ulimits { get; init; }
    public long CpuCount { get; init; }
    public long CpuPercent { get; init; }
    public ulong IOMaximumIOps { get; init; }
    public ulong IOMaximumBandwidth { get; init; }
}

public sealed record LogConfig
{
    public string Type
    {
        get;
        init => field = value ?? "";
    } = "";
    public IReadOnlyDictionary<string, string>? Config { get; init; }
}

/// <summary>Where a container's port is published. An empty HostPort is chosen by the engine.</summary>
public sealed record PortBinding
{
    public string HostIp
    {
        get;
        init => field = value ?? "";
    } = "";
    public string HostPort
    {
        get;
        init => field = value ?? "";
    } = "";
}

/// <summary>Name: "", "no", "always", "unless-stopped" or "on-failure".</summary>
public sealed record RestartPolicy
{
    public string Name
    {
        get;
        init => field = value ?? "";
    } = "";
    public int MaximumRetryCount { get; init; }
}

public sealed record WeightDevice(string Path, ushort Weight);

public sealed record ThrottleDevice(string Path, ulong Rate);

/// <param name="CgroupPermissions">letters of rwm</param>
public sealed record DeviceMapping(string PathOnHost, string PathInContainer, string CgroupPermissions);

/// <summary>A request to a device driver (--gpus).</summary>
public sealed record DeviceRequestBody
{
    public string Driver
    {
        get;
        init => field = value ?? "";
    } = "";
    public int Count { get; init; }
    public IReadOnlyList<string>? DeviceIDs { get; init; }
    public IReadOnlyList<IReadOnlyList<string>>? Capabilities { get; init; }
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}

public sealed record UlimitBody(string Name, long Hard, long Soft);

/// <summary>One --mount.</summary>
public sealed record MountBody
{
    /// <summary>"bind", "volume", "tmpfs", "image", "npipe" or "cluster".</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Target { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnly { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Consistency { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BindOptions? BindOptions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeOptions? VolumeOptions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageOptions? ImageOptions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TmpfsOptions? TmpfsOptions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Oci.Images.EmptyObject? ClusterOptions { get; init; }
}

public sealed record BindOptions
{
    /// <summary>"private", "rprivate", "shared", "rshared", "slave" or "rslave".</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Propagation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NonRecursive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CreateMountpoint { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnlyNonRecursive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnlyForceRecursive { get; init; }
}

public sealed record VolumeOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NoCopy { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subpath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeDriverConfig? DriverConfig { get; init; }
}

public sealed record VolumeDriverConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}

public sealed record ImageOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subpath { get; init; }
}

public sealed record TmpfsOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SizeBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    /// <summary>Permission bits.</summary>
    public uint Mode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<string>>? Options { get; init; }
}
