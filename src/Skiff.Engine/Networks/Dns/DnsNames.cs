// Which names the containers of each network have.
namespace Skiff.Engine.Networks.Dns;

/// <summary>A container's connection to a network, for the resolver.</summary>
internal sealed record DnsEndpoint(string NetworkId, string NetworkName, uint Address, IReadOnlyList<string> Aliases);

/// <summary>What is known about a name that a container asks for.</summary>
/// <param name="IsOurs">False: ask the world.</param>
internal readonly record struct DnsLookup(bool IsOurs, IReadOnlyList<uint> Addresses);

/// <summary>
/// Names of containers, seen only from containers on a shared network: name, aliases, short id; the host name if it
/// is no full domain name (which may mean somebody else) and nothing else is called so. Each also with the network's
/// name behind it. The gateway is host.docker.internal. Safe for use by many threads.
/// </summary>
internal sealed class DnsNames
{
    const int ShortIdLength = 12;
    static readonly string[] GatewayNames = ["host.docker.internal", "gateway.docker.internal"];

    readonly Lock gate = new();
    readonly Dictionary<string, Entry> containers = [];
    readonly Dictionary<string, Zone> zones = [];
    int turn;

    sealed record Entry(string Id, string Name, string Hostname, IReadOnlyList<DnsEndpoint> Endpoints);

    sealed class Zone(string networkName, IPv4Subnet subnet, uint gateway)
    {
        internal string NetworkName { get; } = networkName;
        internal IPv4Subnet Subnet { get; } = subnet;
        internal uint Gateway { get; } = gateway;
        internal Dictionary<string, List<uint>> Names { get; } = [];
        internal Dictionary<string, List<uint>> Hostnames { get; } = [];
        internal Dictionary<uint, string> Addresses { get; } = [];
    }

    internal void AddNetwork(Network network)
    {
        if (network.Subnets is not [var first, ..] || IPv4Subnet.TryParse(first.Cidr) is not { } parsed)
            return;
        uint gateway = IPv4Subnet.TryNumber(first.Gateway) ?? parsed.Subnet.Base + 1;
        lock (gate)
            zones[network.Id] = new Zone(network.Name.ToLowerInvariant(), parsed.Subnet, gateway);
    }

    internal void RemoveNetwork(string id)
    {
        lock (gate)
            zones.Remove(id);
    }

    /// <summary>A container's name; its id if it has none here.</summary>
    internal string NameOf(string id)
    {
        lock (gate)
            return containers.TryGetValue(id, out var entry) ? entry.Name : id;
    }

    internal void Add(string id, string name, string hostname, IReadOnlyList<DnsEndpoint> endpoints)
    {
        lock (gate)
        {
            Withdraw(id);
            var entry = new Entry(id, name, hostname, endpoints);
            containers[id] = entry;
            foreach (var endpoint in endpoints)
                if (zones.TryGetValue(endpoint.NetworkId, out var zone))
                    Publish(zone, entry, endpoint);
        }
    }

    internal void Remove(string id)
    {
        lock (gate)
            Withdraw(id);
    }

    internal void Rename(string id, string name)
    {
        lock (gate)
            if (containers.TryGetValue(id, out var entry))
                Add(id, name, entry.Hostname, entry.Endpoints);
    }

    /// <summary>Addresses of a name as one container sees it; in turn, so that clients that take the first share the load.</summary>
    /// <param name="name">lower case, no final dot</param>
    internal DnsLookup Find(string askingId, string name)
    {
        lock (gate)
        {
            if (!containers.TryGetValue(askingId, out var asking))
                return default;
            var found = new List<uint>();
            foreach (var zone in ZonesOf(asking))
            {
                if (GatewayNames.Contains(name))
                    return new DnsLookup(true, [zone.Gateway]);
                string inside = name.EndsWith("." + zone.NetworkName, StringComparison.Ordinal)
                    ? name[..^(zone.NetworkName.Length + 1)]
                    : name;
                if (
                    zone.Names.TryGetValue(name, out var addresses)
                    || zone.Names.TryGetValue(inside, out addresses)
                    || zone.Hostnames.TryGetValue(inside, out addresses)
                )
                    found.AddRange(addresses);
            }
            if (found.Count == 0)
                return default;
            int first = (int)((uint)turn++ % (uint)found.Count);
            return new DnsLookup(true, [.. found[first..], .. found[..first]]);
        }
    }

    /// <summary>The name of an address: "web.bridge"; null if no container has it; IsOurs if it lies in a shared network.</summary>
    internal (bool IsOurs, string? Name) FindAddress(string askingId, uint address)
    {
        lock (gate)
        {
            if (containers.TryGetValue(askingId, out var asking))
                foreach (var zone in ZonesOf(asking))
                    if (zone.Subnet.Contains(address))
                        return (
                            true,
                            zone.Addresses.TryGetValue(address, out var name) ? $"{name}.{zone.NetworkName}"
                            : address == zone.Gateway ? GatewayNames[0]
                            : null
                        );
        }
        return (false, null);
    }

    IEnumerable<Zone> ZonesOf(Entry asking)
    {
        foreach (var endpoint in asking.Endpoints)
            if (zones.TryGetValue(endpoint.NetworkId, out var zone))
                yield return zone;
    }

    static IEnumerable<string> NamesOf(Entry entry, DnsEndpoint endpoint) =>
        endpoint
            .Aliases.Append(entry.Name)
            .Append(entry.Id[..Math.Min(ShortIdLength, entry.Id.Length)])
            .Where(n => n.Length > 0)
            .Select(n => n.ToLowerInvariant())
            .Distinct();

    static void Publish(Zone zone, Entry entry, DnsEndpoint endpoint)
    {
        foreach (string name in NamesOf(entry, endpoint))
            Put(zone.Names, name, endpoint.Address);
        if (entry.Hostname.Length > 0 && !entry.Hostname.Contains('.', StringComparison.Ordinal))
            Put(zone.Hostnames, entry.Hostname.ToLowerInvariant(), endpoint.Address);
        zone.Addresses[endpoint.Address] = entry.Name;
    }

    void Withdraw(string id)
    {
        if (!containers.Remove(id, out var entry))
            return;
        foreach (var endpoint in entry.Endpoints)
        {
            if (!zones.TryGetValue(endpoint.NetworkId, out var zone))
                continue;
            foreach (string name in NamesOf(entry, endpoint))
                Take(zone.Names, name, endpoint.Address);
            Take(zone.Hostnames, entry.Hostname.ToLowerInvariant(), endpoint.Address);
            zone.Addresses.Remove(endpoint.Address);
        }
    }

    static void Put(Dictionary<string, List<uint>> names, string name, uint address)
    {
        if (!names.TryGetValue(name, out var addresses))
            names[name] = addresses = [];
        addresses.Add(address);
    }

    static void Take(Dictionary<string, List<uint>> names, string name, uint address)
    {
        if (names.TryGetValue(name, out var addresses) && addresses.Remove(address) && addresses.Count == 0)
            names.Remove(name);
    }
}
