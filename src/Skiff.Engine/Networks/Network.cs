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

    /// <summary>Anybody may join; kept and shown, it means something only where there is a swarm.</summary>
    public bool Attachable { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>"172.17.0.0/16" and "172.17.0.1".</summary>
public sealed record Subnet(string Cidr, string Gateway)
{
    /// <summary>The part of it that containers get addresses from, "172.17.8.0/24"; null: all of it.</summary>
    public string? Range { get; init; }

    /// <summary>Addresses that are others', by name.</summary>
    public IReadOnlyDictionary<string, string> Auxiliary { get; init; } = new Dictionary<string, string>();

    /// <summary>The user named it: containers may ask for fixed addresses.</summary>
    public bool IsChosenByUser { get; init; }
}

/// <summary>A network to make.</summary>
public sealed record NetworkCreate
{
    public required string Name { get; init; }

    /// <summary>At most one; empty parts are chosen.</summary>
    public SubnetRequest? Subnet { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>As the user wrote it; null or "" is not set.</summary>
public sealed record SubnetRequest(string? Cidr, string? Range, string? Gateway, IReadOnlyDictionary<string, string> Auxiliary);

/// <summary>What a container asks of one network. Name is a network's name or id.</summary>
public sealed record EndpointRequest
{
    public required string Network { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public string? IPv4Address { get; init; }
    public string? MacAddress { get; init; }

    /// <summary>The endpoint with the highest gives the default route.</summary>
    public int GatewayPriority { get; init; }
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

    /// <summary>"" on an internal network.</summary>
    public string Gateway { get; init; } = "";
    public int GatewayPriority { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
}
