// A network as it is kept, and a container's connection to it.
namespace Skiff.Engine.Networks;

/// <summary>A network: bridge, host or none.</summary>
public sealed record Network
{
    /// <summary>64 hex digits.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Driver { get; init; }
    public DateTimeOffset Created { get; init; }
    public IReadOnlyList<Subnet> Subnets { get; init; } = [];

    /// <summary>Name of the bridge interface; null for host and none.</summary>
    public string? Bridge { get; init; }
    public bool Internal { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>"172.17.0.0/16" and "172.17.0.1".</summary>
public sealed record Subnet(string Cidr, string Gateway);

/// <summary>What a container asks of one network. Name is a network's name or id.</summary>
public sealed record EndpointRequest
{
    public required string Network { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public string? IPv4Address { get; init; }
    public string? MacAddress { get; init; }
}

/// <summary>A container's connection to a network, as made.</summary>
public sealed record Endpoint
{
    public required string NetworkId { get; init; }
    public required string NetworkName { get; init; }
    public required string EndpointId { get; init; }
    public string Interface { get; init; } = "eth0";
    public string HostInterface { get; init; } = "";
    public string MacAddress { get; init; } = "";
    public string IPv4Address { get; init; } = "";
    public int IPv4PrefixLength { get; init; }
    public string Gateway { get; init; } = "";
    public IReadOnlyList<string> Aliases { get; init; } = [];
}
