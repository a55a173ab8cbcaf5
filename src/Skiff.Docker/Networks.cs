// Engine API, section Networks: networks, and a container's connections to them.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

/// <summary>"NetworkingConfig" of create: network name to the wishes for it.</summary>
public sealed record NetworkingConfig
{
    public IReadOnlyDictionary<string, EndpointSettings?>? EndpointsConfig { get; init; }
}

/// <summary>A container's connection to one network: as wished (create, connect) and as made (inspect).</summary>
public sealed record EndpointSettings
{
    public EndpointIpamConfig? IPAMConfig { get; init; }
    public IReadOnlyList<string>? Links { get; init; }
    public IReadOnlyList<string>? Aliases { get; init; }
    public string MacAddress
    {
        get;
        init => field = value ?? "";
    } = "";
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }

    /// <summary>The connection with the highest gives the default gateway.</summary>
    public int GwPriority { get; init; }
    public string NetworkID
    {
        get;
        init => field = value ?? "";
    } = "";
    public string EndpointID
    {
        get;
        init => field = value ?? "";
    } = "";
    public string Gateway
    {
        get;
        init => field = value ?? "";
    } = "";
    public string IPAddress
    {
        get;
        init => field = value ?? "";
    } = "";
    public int IPPrefixLen { get; init; }
    public string IPv6Gateway
    {
        get;
        init => field = value ?? "";
    } = "";
    public string GlobalIPv6Address
    {
        get;
        init => field = value ?? "";
    } = "";
    public int GlobalIPv6PrefixLen { get; init; }
    public IReadOnlyList<string>? DNSNames { get; init; }
}

public sealed record EndpointIpamConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPv4Address { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPv6Address { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? LinkLocalIPs { get; init; }
}

/// <summary>"NetworkSettings" of a container's inspect. The single-address members repeat those of the network "bridge".</summary>
public sealed record ContainerNetworkSettings
{
    public string Bridge { get; init; } = "";
    public string SandboxID { get; init; } = "";
    public string SandboxKey { get; init; } = "";

    /// <summary>"80/tcp" to bindings; null: exposed, not published.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? Ports { get; init; } =
        new Dictionary<string, IReadOnlyList<PortBinding>?>();
    public bool HairpinMode { get; init; }
    public string LinkLocalIPv6Address { get; init; } = "";
    public int LinkLocalIPv6PrefixLen { get; init; }
    public IReadOnlyList<IpAddressBody>? SecondaryIPAddresses { get; init; }
    public IReadOnlyList<IpAddressBody>? SecondaryIPv6Addresses { get; init; }
    public string EndpointID { get; init; } = "";
    public string Gateway { get; init; } = "";
    public string GlobalIPv6Address { get; init; } = "";
    public int GlobalIPv6PrefixLen { get; init; }
    public string IPAddress { get; init; } = "";
    public int IPPrefixLen { get; init; }
    public string IPv6Gateway { get; init; } = "";
    public string MacAddress { get; init; } = "";
    public IReadOnlyDictionary<string, EndpointSettings>? Networks { get; init; }
}

public sealed record IpAddressBody(string Addr, int PrefixLen);

/// <summary>An element of GET /networks and GET /networks/{id}.</summary>
public sealed record NetworkBody
{
    public string Name { get; init; } = "";
    public string Id { get; init; } = "";
    public string Created { get; init; } = DockerTime.Zero;

    /// <summary>"local", "swarm" or "global".</summary>
    public string Scope { get; init; } = "local";
    public string Driver { get; init; } = "";
    public bool EnableIPv4 { get; init; }
    public bool EnableIPv6 { get; init; }
    public Ipam IPAM { get; init; } = new();
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public bool Ingress { get; init; }
    public ConfigReference ConfigFrom { get; init; } = new("");
    public bool ConfigOnly { get; init; }

    /// <summary>By container id; empty in lists.</summary>
    public IReadOnlyDictionary<string, NetworkEndpoint>? Containers { get; init; } = new Dictionary<string, NetworkEndpoint>();
    public IReadOnlyDictionary<string, string>? Options { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string>? Labels { get; init; } = new Dictionary<string, string>();
}

public sealed record ConfigReference(string Network);

public sealed record NetworkEndpoint(string Name, string EndpointID, string MacAddress, string IPv4Address, string IPv6Address);

public sealed record Ipam
{
    public string Driver
    {
        get;
        init => field = value ?? "";
    } = "default";
    public IReadOnlyDictionary<string, string>? Options { get; init; }
    public IReadOnlyList<IpamConfig>? Config { get; init; } = [];
}

public sealed record IpamConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subnet { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPRange { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Gateway { get; init; }

    [JsonPropertyName("AuxiliaryAddresses")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? AuxAddress { get; init; }
}

/// <summary>Body of POST /networks/create.</summary>
public sealed record NetworkCreateBody
{
    public string Name
    {
        get;
        init => field = value ?? "";
    } = "";
    public string Driver
    {
        get;
        init => field = value ?? "";
    } = "";
    public string Scope
    {
        get;
        init => field = value ?? "";
    } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? EnableIPv4 { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? EnableIPv6 { get; init; }
    public Ipam? IPAM { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public bool Ingress { get; init; }
    public bool ConfigOnly { get; init; }
    public ConfigReference? ConfigFrom { get; init; }
    public IReadOnlyDictionary<string, string>? Options { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

public sealed record NetworkCreateAnswer(string Id, string Warning);

/// <summary>Body of POST /networks/{id}/connect.</summary>
public sealed record NetworkConnectBody(string Container, EndpointSettings? EndpointConfig);

/// <summary>Body of POST /networks/{id}/disconnect.</summary>
public sealed record NetworkDisconnectBody(string Container, bool Force);

/// <summary>Answer of POST /networks/prune.</summary>
public sealed record NetworkPruneAnswer(IReadOnlyList<string>? NetworksDeleted);
