// The engine's rules: one nftables table, named after its bridge, so that engines side by side never meet.
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks;

/// <summary>A bridge network as the rules see it.</summary>
internal sealed record FirewallNetwork(string Id, string Bridge, IPv4Subnet Subnet, bool IsInternal, bool Masquerades);

/// <summary>
/// Address translation on the way out, published ports on the way in, and no other way in but for answers. What the
/// rules should be is kept here: they can be made anew at any moment. Ports are elements of maps, so a packet costs
/// the same with one and with a thousand.
/// </summary>
internal sealed class Firewall(string bridge)
{
    internal const string Family = "inet";
    const string Bridges = "bridges";
    const string Internal = "internal";
    const string Within = "within";
    const string Published = "published";
    const string PublishedAny = "published_any";
    const string Loopback = "loopback";

    readonly Lock gate = new();
    readonly Dictionary<string, FirewallNetwork> networks = [];
    readonly HashSet<PortElement> ports = [];

    internal string Table { get; } = $"skiff_{bridge}";

    /// <summary>Adds a network, or changes it.</summary>
    /// <exception cref="NftException">refused by the kernel, or libnftables is missing</exception>
    internal void Put(FirewallNetwork network)
    {
        lock (gate)
        {
            networks[network.Id] = network;
            Rules().Commit();
        }
    }

    internal void Remove(string networkId)
    {
        lock (gate)
        {
            if (networks.Remove(networkId))
                Rules().Commit();
        }
    }

    /// <summary>Ports that were published before this engine started: they are in the rules from their first moment.</summary>
    internal void Remember(IEnumerable<PortElement> published)
    {
        lock (gate)
            ports.UnionWith(published);
    }

    internal void Publish(IReadOnlyCollection<PortElement> published)
    {
        lock (gate)
        {
            ports.UnionWith(published);
            Change(rules => AddPorts(rules, published));
        }
    }

    internal void Unpublish(IReadOnlyCollection<PortElement> published)
    {
        lock (gate)
        {
            ports.ExceptWith(published);
            Change(rules => DeletePorts(rules, published));
        }
    }

    internal void Replace(IReadOnlyCollection<PortElement> old, IReadOnlyCollection<PortElement> now)
    {
        lock (gate)
        {
            ports.ExceptWith(old);
            ports.UnionWith(now);
            Change(rules =>
            {
                DeletePorts(rules, old);
                AddPorts(rules, now);
            });
        }
    }

    /// <summary>Replaces the table in one step: there is no moment without rules, and connections stay.</summary>
    internal void Assert()
    {
        lock (gate)
            Rules().Commit();
    }

    /// <summary>Removes the table, if it is there.</summary>
    internal void Remove()
    {
        var transaction = new NftTransaction(Family, Table);
        transaction.AddTable(); // so that the removal finds one
        transaction.DeleteTable();
        transaction.Commit();
    }

    /// <summary>Whether another Skiff engine has its rules here.</summary>
    internal bool HasNeighbours() =>
        NftTransaction.Tables(Family).Any(t => t != Table && t.StartsWith("skiff_", StringComparison.Ordinal));

    /// <summary>Changes elements; if someone has removed what they are in, all of the table is made again.</summary>
    void Change(Action<NftTransaction> change)
    {
        var transaction = new NftTransaction(Family, Table);
        change(transaction);
        try
        {
            transaction.Commit();
        }
        catch (NftException)
        {
            Rules().Commit();
        }
    }

    internal NftTransaction Rules()
    {
        var rules = new NftTransaction(Family, Table);
        rules.AddTable(); // so that the removal finds one
        rules.DeleteTable();
        rules.AddTable();
        rules.AddSet(Bridges, "ifname");
        rules.AddSet(Internal, "ifname");
        rules.AddSet(Within, "ifname . ifname");
        rules.AddMap(Published, "inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service");
        rules.AddMap(PublishedAny, "inet_proto . inet_service : ipv4_addr . inet_service");
        rules.AddSet(Loopback, "inet_proto . ipv4_addr . inet_service");
        AddElements(rules);

        // Nobody but this host itself has business at its loopback addresses: neither a neighbour nor a container,
        // whose bridge lets such addresses through (route_localnet).
        rules.AddChain("raw", NftHook.Raw);
        rules.AddRule("raw", $"iifname != \"lo\" meta l4proto . ip daddr . th dport @{Loopback} drop");
        rules.AddRule("raw", $"iifname @{Bridges} ip daddr 127.0.0.0/8 drop");

        foreach (
            var (chain, hook) in (ReadOnlySpan<(string, NftHook)>)
                [("prerouting", NftHook.DestinationNat), ("output", NftHook.DestinationNatOut)]
        )
        {
            rules.AddChain(chain, hook);
            rules.AddRule(chain, $"dnat ip to meta l4proto . ip daddr . th dport map @{Published}");
            rules.AddRule(chain, $"fib daddr type local dnat ip to meta l4proto . th dport map @{PublishedAny}");
        }

        rules.AddChain("postrouting", NftHook.SourceNat);
        // The host's loopback address means nothing to a container.
        rules.AddRule("postrouting", $"ip saddr 127.0.0.0/8 oifname @{Bridges} ct status dnat masquerade");
        foreach (var network in networks.Values)
        {
            // A neighbour by way of the host's address: without this it would answer directly, as somebody else.
            rules.AddRule("postrouting", $"ip saddr {network.Subnet} oifname \"{network.Bridge}\" ct status dnat masquerade");
            if (network is { Masquerades: true, IsInternal: false })
                rules.AddRule("postrouting", $"ip saddr {network.Subnet} oifname != \"{network.Bridge}\" masquerade");
        }

        // Only packets that touch our bridges: all others pass this table unseen.
        rules.AddChain("forward", NftHook.Forward);
        // What stays on one bridge comes here only where the host sends bridged packets through its rules (br_netfilter).
        rules.AddRule("forward", $"iifname . oifname @{Within} accept");
        rules.AddRule("forward", $"iifname @{Internal} drop");
        rules.AddRule("forward", $"oifname @{Internal} drop");
        rules.AddRule("forward", $"oifname @{Bridges} ct state established,related accept");
        rules.AddRule("forward", $"oifname @{Bridges} ct status dnat accept");
        rules.AddRule("forward", $"oifname @{Bridges} drop");
        rules.AddRule("forward", $"iifname @{Bridges} accept");
        return rules;
    }

    void AddElements(NftTransaction rules)
    {
        rules.AddElements(Bridges, [.. networks.Values.Select(n => $"\"{n.Bridge}\"")]);
        rules.AddElements(Internal, [.. networks.Values.Where(n => n.IsInternal).Select(n => $"\"{n.Bridge}\"")]);
        rules.AddElements(Within, [.. networks.Values.Select(n => $"\"{n.Bridge}\" . \"{n.Bridge}\"")]);
        AddPorts(rules, ports);
    }

    static void DeletePorts(NftTransaction rules, IReadOnlyCollection<PortElement> published)
    {
        rules.DeleteElements(Published, [.. published.Where(p => !p.IsAny).Select(p => p.InMap)]);
        rules.DeleteElements(PublishedAny, [.. published.Where(p => p.IsAny).Select(p => p.InMap)]);
        rules.DeleteElements(Loopback, [.. published.Where(p => p.IsLoopback).Select(p => p.InSet)]);
    }

    static void AddPorts(NftTransaction rules, IReadOnlyCollection<PortElement> published)
    {
        rules.AddElements(Published, [.. published.Where(p => !p.IsAny).Select(p => p.InMap)]);
        rules.AddElements(PublishedAny, [.. published.Where(p => p.IsAny).Select(p => p.InMap)]);
        rules.AddElements(Loopback, [.. published.Where(p => p.IsLoopback).Select(p => p.InSet)]);
    }
}
