// The networks of this engine: opening, looking, and what their verbs share.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Skiff.Engine.Events;
using Skiff.Engine.Networks.Dns;
using Skiff.Engine.Networks.Drivers;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Netlink;
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks;

/// <summary>A network that can be joined: its record with its bridge and its addresses.</summary>
internal sealed record BridgeNetwork(Network Record, BridgeSettings Settings, Bridge Bridge, AddressPool Pool)
{
    /// <summary>Set under a lock on this object: from then on nobody joins.</summary>
    internal bool IsRemoved { get; set; }
}

/// <summary>Networks and the sandboxes of containers.</summary>
public sealed partial class NetworkService : IAsyncDisposable
{
    internal const string DefaultName = "bridge";
    const int ReadyNamespaces = 2;

    readonly EngineOptions options;
    readonly EventBus events;
    readonly NetworkStore store;
    readonly NamespacePool namespaces;
    readonly LinkSweeper sweeper;
    readonly Sandboxes sandboxes = new();
    readonly DnsNames names = new();
    readonly DnsForwarder forwarder = new();
    readonly UpstreamServers upstream;
    readonly Firewall firewall;
    readonly PortPublisher publisher;
    readonly ForwardingSysctl forwarding;
    readonly Journal journal;
    readonly NetlinkSocket host = NetlinkSocket.Open();
    readonly ConcurrentDictionary<string, BridgeNetwork> bridges = new();
    readonly SemaphoreSlim changing = new(1);
    readonly List<string> notices = [];

    internal NetworkService(EngineOptions options, Database database, Journal journal, EventBus events, EngineTasks background)
    {
        this.options = options;
        this.journal = journal;
        this.events = events;
        store = new NetworkStore(database, journal);
        namespaces = new NamespacePool(background, ReadyNamespaces);
        sweeper = new LinkSweeper(background, store, host, Released);
        firewall = new Firewall(options.Bridge);
        publisher = new PortPublisher(journal, firewall);
        forwarding = new ForwardingSysctl(journal);
        upstream = new UpstreamServers(options.Dns);
    }

    /// <summary>What the opening changed on the host that its owner should know, as sentences for the log.</summary>
    public IReadOnlyList<string> Notices => notices;

    bool HasBridge => options.Bridge != "none";

    /// <summary>
    /// Makes or re-asserts all networks: bridge interfaces, rules, forwarding. Leases of containers stay until each is
    /// adopted or released.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter, Conflict: see --bridge, --bip; Unavailable: no nftables</exception>
    public Task OpenAsync(CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                store.Load();
                Record("host", "host");
                Record("none", "null");
                var leases = store.Leases();
                RemoveOrphans(leases);
                publisher.Load();
                if (HasBridge)
                    OpenDefault();
                foreach (var network in store.All())
                    if (network.Driver == "bridge" && network.Name != DefaultName)
                        OpenStored(network);
                foreach (var lease in leases)
                {
                    if (bridges.TryGetValue(lease.NetworkId, out var of) && IPv4Subnet.TryNumber(lease.Address) is { } address)
                        of.Pool.TryTake(address);
                    sandboxes.Hold(lease);
                }
                if (!bridges.IsEmpty)
                    namespaces.Fill();
            },
            cancellation
        );

    /// <summary>Removes what this engine made in the kernel: rules, bridges, sysctl. For `skiffd --cleanup`.</summary>
    public async Task PurgeAsync(CancellationToken cancellation)
    {
        namespaces.Dispose();
        await sweeper.FlushAsync();
        await Task.Run(
            () =>
            {
                if (!bridges.IsEmpty)
                    Nft(firewall.Remove);
                foreach (var network in bridges.Values)
                    network.Bridge.Remove(network.Record.Id);
                forwarding.GiveBack(firewall.HasNeighbours());
            },
            cancellation
        );
    }

    /// <summary>Closes sockets; running containers' networking stays.</summary>
    public async ValueTask DisposeAsync()
    {
        namespaces.Dispose();
        sandboxes.Dispose();
        publisher.Dispose();
        await sweeper.FlushAsync();
        host.Dispose();
        changing.Dispose();
    }

    public IReadOnlyList<Network> List() => store.All();

    /// <summary>By name, id or unambiguous prefix; null if there is none.</summary>
    public Network? Find(string nameOrId) => store.Find(nameOrId == "default" ? DefaultName : nameOrId);

    /// <exception cref="EngineException">NotFound</exception>
    public Network Get(string nameOrId) => Find(nameOrId) ?? throw EngineException.NotFound($"network {nameOrId} not found");

    /// <summary>Networks that every engine has.</summary>
    public static bool IsPredefined(string name) => name is DefaultName or "host" or "none";

    void Record(string name, string driver) =>
        _ =
            store.ByName(name)
            ?? store.Save(
                new Network
                {
                    Id = NewId(),
                    Name = name,
                    Driver = driver,
                    Created = DateTimeOffset.UtcNow,
                }
            );

    void OpenDefault()
    {
        var before = store.ByName(DefaultName);
        string id = before?.Id ?? NewId();
        var settings = new BridgeSettings(options.Bridge, options.Mtu);
        var bridge = new Bridge(settings, options.BridgeIp, journal, host);
        var (gateway, chosen) = Kernel(() =>
            bridge.Ensure(id, before is { Subnets: [var subnet, ..] } ? subnet : null, Subnets(id))
        );
        var network = store.Save(
            new Network
            {
                Id = id,
                Name = DefaultName,
                Driver = "bridge",
                Created = before?.Created ?? DateTimeOffset.UtcNow,
                Bridge = options.Bridge,
                Subnets = [new Subnet(chosen.ToString(), IPv4Subnet.Address(gateway).ToString())],
                Options = BridgeOptions(),
            }
        );
        Opened(new BridgeNetwork(network, settings, bridge, SubnetPlan.Pool(network.Subnets[0])));
        if (forwarding.SwitchOn())
            notices.Add("net.ipv4.ip_forward was off and is switched on, so that containers reach other hosts");
    }

    /// <summary>A network of a user, as it was. One that cannot be made any more does not keep the others from working.</summary>
    void OpenStored(Network network)
    {
        try
        {
            Opened(Make(network));
        }
        catch (EngineException e)
        {
            notices.Add($"network {network.Name} cannot be used: {e.Message}");
        }
    }

    /// <summary>Makes or finds a network's bridge; its record gets the subnet that was chosen, if none was named.</summary>
    BridgeNetwork Make(Network network)
    {
        var settings = BridgeSettings.Of(network.Id, network.Options, options.Mtu);
        var subnet = network.Subnets.Count > 0 ? network.Subnets[0] : null;
        string? named = subnet is null ? null : $"{subnet.Gateway}/{IPv4Subnet.TryParse(subnet.Cidr)!.Value.Subnet.PrefixLength}";
        var bridge = new Bridge(settings, named, journal, host);
        var (gateway, chosen) = Kernel(() => bridge.Ensure(network.Id, null, Subnets(network.Id)));
        subnet ??= new Subnet(chosen.ToString(), IPv4Subnet.Address(gateway).ToString());
        return new BridgeNetwork(
            network with
            {
                Bridge = settings.Name,
                Subnets = [subnet],
            },
            settings,
            bridge,
            SubnetPlan.Pool(subnet)
        );
    }

    void Opened(BridgeNetwork network)
    {
        var record = network.Record;
        Nft(() =>
            firewall.Put(
                new FirewallNetwork(
                    record.Id,
                    network.Settings.Name,
                    network.Pool.Subnet,
                    record.Internal,
                    network.Settings.Masquerades
                )
            )
        );
        names.AddNetwork(record);
        bridges[record.Id] = network;
    }

    /// <summary>Bridges of networks that were never recorded, or are no more: what a crash left.</summary>
    void RemoveOrphans(List<Lease> leases)
    {
        foreach (var entry in journal.OfKind(ResourceKind.Link))
        {
            if (store.ById(entry.Owner) is not null || leases.Exists(l => l.Link == entry.Resource))
                continue;
            Kernel(() => Links.TryDelete(host, entry.Resource));
            journal.Strike(entry);
        }
    }

    /// <summary>Of all networks but one.</summary>
    List<IPv4Subnet> Subnets(string except) =>
        [
            .. store
                .All()
                .Where(n => n.Id != except)
                .SelectMany(n => n.Subnets)
                .Select(s => IPv4Subnet.TryParse(s.Cidr)?.Subnet)
                .OfType<IPv4Subnet>(),
        ];

    /// <summary>Docker's names for what its default bridge is like: clients show them.</summary>
    Dictionary<string, string> BridgeOptions() =>
        new()
        {
            ["com.docker.network.bridge.default_bridge"] = "true",
            ["com.docker.network.bridge.enable_icc"] = "true",
            ["com.docker.network.bridge.enable_ip_masquerade"] = "true",
            ["com.docker.network.bridge.host_binding_ipv4"] = "0.0.0.0",
            ["com.docker.network.bridge.name"] = options.Bridge,
            ["com.docker.network.driver.mtu"] = $"{options.Mtu ?? 1500}",
        };

    void Tell(string action, Network network, string? containerId = null)
    {
        var attributes = new Dictionary<string, string> { ["name"] = network.Name, ["type"] = network.Driver };
        if (containerId is not null)
            attributes["container"] = containerId;
        events.Publish("network", action, network.Id, attributes);
    }

    /// <summary>"02:42:ac:11:00:02", or with hyphens; in lower case and with colons.</summary>
    internal static string ParseMac(string text)
    {
        string[] parts = text.Split(text.Contains('-', StringComparison.Ordinal) ? '-' : ':');
        bool valid = parts.Length == 6 && parts.All(p => p.Length == 2 && p.All(char.IsAsciiHexDigit));
        // The lowest bit of the first byte marks a multicast address, which no interface can have.
        if (!valid || (Convert.ToByte(parts[0], 16) & 1) != 0 || parts.All(p => p == "00"))
            throw EngineException.Invalid($"invalid MAC address: {text}");
        return string.Join(':', parts).ToLowerInvariant();
    }

    static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    static T Kernel<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ErrnoException e)
        {
            throw new EngineException(ErrorKind.System, $"failed to set up the network: {e.Message}", e);
        }
    }

    static void Nft(Action work) =>
        Nft(() =>
        {
            work();
            return 0;
        });

    static T Nft<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NftException e)
        {
            throw new EngineException(ErrorKind.Unavailable, e.Message, e);
        }
    }
}
