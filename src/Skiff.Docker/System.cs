// Engine API, section System: ping, version, info, errors.
using System.Text.Json.Serialization;
using Skiff.Oci.Images;

namespace Skiff.Docker;

/// <summary>Body of every failure.</summary>
public sealed record ErrorBody([property: JsonPropertyName("message")] string Message);

/// <summary>GET /version.</summary>
public sealed record VersionBody
{
    public VersionPlatform Platform { get; init; } = new("");
    public IReadOnlyList<VersionComponent>? Components { get; init; }
    public string Version { get; init; } = "";
    public string ApiVersion { get; init; } = "";
    public string MinAPIVersion { get; init; } = "";
    public string GitCommit { get; init; } = "";
    public string GoVersion { get; init; } = "";
    public string Os { get; init; } = "";
    public string Arch { get; init; } = "";
    public string KernelVersion { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Experimental { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BuildTime { get; init; }
}

public sealed record VersionPlatform(string Name);

public sealed record VersionComponent(
    string Name,
    string Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Details
);

/// <summary>GET /info.</summary>
public sealed record InfoBody
{
    public string ID { get; init; } = "";
    public int Containers { get; init; }
    public int ContainersRunning { get; init; }
    public int ContainersPaused { get; init; }
    public int ContainersStopped { get; init; }
    public int Images { get; init; }
    public string Driver { get; init; } = "";

    /// <summary>Pairs of name and value.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? DriverStatus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<string>>? SystemStatus { get; init; }
    public InfoPlugins Plugins { get; init; } = new();
    public bool MemoryLimit { get; init; }
    public bool SwapLimit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KernelMemory { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KernelMemoryTCP { get; init; }
    public bool CpuCfsPeriod { get; init; }
    public bool CpuCfsQuota { get; init; }
    public bool CPUShares { get; init; }
    public bool CPUSet { get; init; }
    public bool PidsLimit { get; init; }
    public bool IPv4Forwarding { get; init; }
    public bool Debug { get; init; }
    public int NFd { get; init; }
    public bool OomKillDisable { get; init; }
    public int NGoroutines { get; init; }
    public string SystemTime { get; init; } = "";
    public string LoggingDriver { get; init; } = "";
    public string CgroupDriver { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CgroupVersion { get; init; }
    public int NEventsListener { get; init; }
    public string KernelVersion { get; init; } = "";
    public string OperatingSystem { get; init; } = "";
    public string OSVersion { get; init; } = "";
    public string OSType { get; init; } = "";
    public string Architecture { get; init; } = "";
    public string IndexServerAddress { get; init; } = "";
    public RegistryServiceConfig? RegistryConfig { get; init; }
    public int NCPU { get; init; }
    public long MemTotal { get; init; }
    public IReadOnlyList<string>? GenericResources { get; init; }
    public string DockerRootDir { get; init; } = "";
    public string HttpProxy { get; init; } = "";
    public string HttpsProxy { get; init; } = "";
    public string NoProxy { get; init; } = "";
    public string Name { get; init; } = "";
    public IReadOnlyList<string>? Labels { get; init; }
    public bool ExperimentalBuild { get; init; }
    public string ServerVersion { get; init; } = "";
    public IReadOnlyDictionary<string, InfoRuntime>? Runtimes { get; init; }
    public string DefaultRuntime { get; init; } = "";
    public InfoSwarm Swarm { get; init; } = new();
    public bool LiveRestoreEnabled { get; init; }
    public string Isolation { get; init; } = "";
    public string InitBinary { get; init; } = "";
    public InfoCommit ContainerdCommit { get; init; } = new("");
    public InfoCommit RuncCommit { get; init; } = new("");
    public InfoCommit InitCommit { get; init; } = new("");
    public IReadOnlyList<string>? SecurityOptions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProductLicense { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InfoAddressPool>? DefaultAddressPools { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InfoFirewall? FirewallBackend { get; init; }
    public IReadOnlyList<string>? CDISpecDirs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InfoDevice>? DiscoveredDevices { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InfoContainerd? Containerd { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
}

public sealed record InfoPlugins
{
    public IReadOnlyList<string>? Volume { get; init; }
    public IReadOnlyList<string>? Network { get; init; }
    public IReadOnlyList<string>? Authorization { get; init; }
    public IReadOnlyList<string>? Log { get; init; }
}

public sealed record RegistryServiceConfig
{
    public IReadOnlyDictionary<string, RegistryIndexConfig>? IndexConfigs { get; init; }
    public IReadOnlyList<string>? InsecureRegistryCIDRs { get; init; }
    public IReadOnlyList<string>? Mirrors { get; init; }
}

public sealed record RegistryIndexConfig(IReadOnlyList<string>? Mirrors, string Name, bool Official, bool Secure);

public sealed record InfoRuntime
{
    [JsonPropertyName("path")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    [JsonPropertyName("runtimeArgs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Args { get; init; }

    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Status { get; init; }
}

public sealed record InfoSwarm
{
    public string NodeID { get; init; } = "";
    public string NodeAddr { get; init; } = "";
    public string LocalNodeState { get; init; } = "inactive";
    public bool ControlAvailable { get; init; }
    public string Error { get; init; } = "";
    public IReadOnlyList<string>? RemoteManagers { get; init; }
}

public sealed record InfoCommit(string ID);

public sealed record InfoAddressPool(string Base, int Size);

public sealed record InfoFirewall
{
    public string Driver { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<string>>? Info { get; init; }
}

public sealed record InfoDevice(string Source, string ID);

public sealed record InfoContainerd
{
    public string Address { get; init; } = "";
    public InfoContainerdNamespaces Namespaces { get; init; } = new("", "");
}

public sealed record InfoContainerdNamespaces(string Containers, string Plugins);

/// <summary>GET /system/df. Lists that were not asked for are null.</summary>
public sealed record DiskUsageBody
{
    /// <summary>Bytes of all layers of images, each counted once.</summary>
    public long LayersSize { get; init; }
    public IReadOnlyList<ImageSummary>? Images { get; init; }
    public IReadOnlyList<ContainerSummary>? Containers { get; init; }
    public IReadOnlyList<VolumeBody>? Volumes { get; init; }

    public IReadOnlyList<BuildCacheBody>? BuildCache { get; init; }
}

/// <summary>Answer of POST /system/check, which is Skiff's own: what is wrong with the store.</summary>
/// <param name="Bytes">read to check them</param>
public sealed record StoreCheckBody(int Blobs, int Layers, int Images, long Bytes, IReadOnlyList<StoreFaultBody> Faults);

/// <param name="Repair">what was done; null if nothing was</param>
public sealed record StoreFaultBody(string Subject, string Problem, string? Repair);
