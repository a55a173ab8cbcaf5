// The verbs on networks.
using System.Net.Sockets;
using System.Security.Cryptography;
using Skiff.Engine.Events;
using Skiff.Engine.Networks.Dns;
using Skiff.Engine.Networks.Drivers;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Netlink;
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks;

/// <summary>Networks and the sandboxes of containers.</summary>
public sealed class NetworkService : IAsyncDisposable
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
    Bridge? bridge;
    AddressPool? pool;

    internal NetworkService(EngineOptions options, Database database, Journal journal, EventBus events, EngineTasks background)
    {
        this.options = options;
        this.journal = journal;
        this.events = events;
        store = new NetworkStore(database, journal);
        namespaces = new NamespacePool(background, ReadyNamespaces);
        sweeper = new LinkSweeper(background, store, () => bridge, Released);
        firewall = new Firewall(options.Bridge);
        publisher = new PortPublisher(journal, firewall);
        forwarding = new ForwardingSysctl(journal);
        upstream = new UpstreamServers(options.Dns);
    }

    /// <summary>What the opening changed on the host that its owner should know, as sentences for the log.</summary>
    public IReadOnlyList<string> Notices { get; private set; } = [];

    bool HasBridge => options.Bridge != "none";

    /// <summary>
    /// Makes or re-asserts the default networks: bridge interface, rules, forwarding. Leases of containers stay until
    /// each is adopted or released.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter, Conflict: see --bridge, --bip; Unavailable: no nftables</exception>
    public Task OpenAsync(CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                store.Load();
                Record("host", "host");
                Record("none", "null");
                if (HasBridge)
                    OpenBridge();
                foreach (var lease in store.Leases())
                    sandboxes.Hold(lease);
            },
            cancellation
        );

    /// <summary>Removes what this engine made in the kernel: rules, bridge, sysctl. For `skiffd --cleanup`.</summary>
    public async Task PurgeAsync(CancellationToken cancellation)
    {
        namespaces.Dispose();
        if (!HasBridge)
            return;
        await sweeper.FlushAsync();
        await Task.Run(
            () =>
            {
                Nft(firewall.Remove);
                if (store.ByName(DefaultName) is { } network)
                    bridge?.Remove(network.Id);
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
        bridge?.Dispose();
    }

    public IReadOnlyList<Network> List() => store.All();

    /// <summary>By name, id or unambiguous prefix; null if there is none.</summary>
    public Network? Find(string nameOrId) => store.Find(nameOrId == "default" ? DefaultName : nameOrId);

    /// <summary>
    /// Makes a network namespace with loopback up and one endpoint a request. Leases and links are journaled under the
    /// container's id.
    /// </summary>
    /// <exception cref="EngineException">
    /// NotFound: no such network; InvalidParameter: a fixed address that cannot be; Conflict: it is taken, or all are;
    /// NotImplemented: several networks
    /// </exception>
    public async Task<Sandbox> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellation)
    {
        if (request.Networks.Count > 1)
            throw EngineException.NotImplemented("connecting a container to several networks is not supported yet");
        (Endpoint Endpoint, Lease Lease)? plan = null;
        if (request.Networks.Count == 1)
            plan = await PlanAsync(request, request.Networks[0]);
        ReadyNamespace? ready = null;
        IReadOnlyList<PublishedPort> ports = [];
        try
        {
            ready = await namespaces.TakeAsync();
            if (plan is { } connect)
            {
                bridge!.Connect(ready, connect.Endpoint);
                ports = Nft(() => publisher.Publish(request.ContainerId, connect.Endpoint.IPv4Address, request.Ports));
                Resolve(request, [connect.Endpoint], ready.Dns);
                Tell("connect", connect.Endpoint.NetworkId, request.ContainerId);
            }
            else
                ready.Dns.Dispose(); // with loopback only there is nobody to ask for
            ready.Netlink.Dispose();
            return new Sandbox(ready.Descriptor, plan is null ? [] : [plan.Value.Endpoint], ports);
        }
        catch (Exception e)
        {
            ready?.Dispose();
            publisher.Release(request.ContainerId);
            if (plan is { } taken)
                GiveBack(taken.Lease);
            if (e is ErrnoException or SocketException)
                throw new EngineException(ErrorKind.System, $"failed to set up the container's network: {e.Message}", e);
            throw;
        }
        finally
        {
            namespaces.Fill();
        }
    }

    /// <summary>Takes over the endpoints of a container that runs already, after a restart of the engine.</summary>
    /// <remarks>A container that has port 53 of 127.0.0.11 for itself meanwhile keeps it, and goes without our resolver.</remarks>
    public async Task AdoptAsync(
        SandboxRequest request,
        int pid,
        IReadOnlyList<Endpoint> endpoints,
        CancellationToken cancellation
    )
    {
        if (endpoints.Count == 0)
            return;
        publisher.Adopt(request.ContainerId);
        try
        {
            using Fd sandbox = NetworkNamespace.OpenOf(pid);
            var sockets = await NetworkNamespace.EnterAsync(sandbox, () => DnsSockets.Open(again: true));
            Resolve(request, endpoints, sockets);
        }
        catch (Exception e) when (e is ErrnoException or SocketException)
        {
            // The container is gone: its end is about to be noticed. Or it goes without a resolver, but not alone.
            Publish(request, endpoints);
        }
    }

    /// <summary>
    /// Gives back everything a container's sandbox took. Idempotent, and quick: links and leases are given back in
    /// the background, when the namespace is really gone.
    /// </summary>
    public Task ReleaseAsync(string containerId, CancellationToken cancellation)
    {
        names.Remove(containerId);
        Nft(() => publisher.Release(containerId));
        var leases = sandboxes.Remove(containerId);
        foreach (var lease in leases)
            Tell("disconnect", lease.NetworkId, containerId);
        sweeper.Add(leases);
        return Task.CompletedTask;
    }

    /// <summary>A container's new name, for the resolver.</summary>
    public void Rename(string containerId, string name) => names.Rename(containerId, name);

    /// <summary>The content of a container's /etc/resolv.conf: with the engine's resolver if it has endpoints, else the host's.</summary>
    public string ResolvConf(
        bool hasEndpoints,
        IReadOnlyList<string> dns,
        IReadOnlyList<string> search,
        IReadOnlyList<string> dnsOptions
    ) =>
        HostResolvConf
            .Read()
            .ForContainer(
                hasEndpoints,
                dns.Count > 0 ? dns : options.Dns,
                search.Count > 0 ? search : options.DnsSearch,
                dnsOptions.Count > 0 ? dnsOptions : options.DnsOptions
            );

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

    void OpenBridge()
    {
        var before = store.ByName(DefaultName);
        string id = before?.Id ?? NewId();
        bridge = new Bridge(options, journal, NetlinkSocket.Open());
        var (gateway, chosen) = Kernel(() => bridge.Ensure(id, before is { Subnets: [var subnet, ..] } ? subnet : null));
        pool = new AddressPool(chosen, gateway);
        foreach (var lease in store.Leases())
            if (lease.NetworkId == id && IPv4Subnet.TryNumber(lease.Address) is { } address)
                pool.TryTake(address);
        var network = new Network
        {
            Id = id,
            Name = DefaultName,
            Driver = "bridge",
            Created = before?.Created ?? DateTimeOffset.UtcNow,
            Bridge = options.Bridge,
            Subnets = [new Subnet(chosen.ToString(), IPv4Subnet.Address(gateway).ToString())],
            Options = BridgeOptions(),
        };
        store.Save(network);
        names.AddNetwork(network);
        publisher.Load();
        Nft(() => firewall.Put(new FirewallNetwork(id, options.Bridge, chosen, IsInternal: false, Masquerades: true)));
        if (forwarding.SwitchOn())
            Notices = ["net.ipv4.ip_forward was off and is switched on, so that containers reach other hosts"];
        namespaces.Fill();
    }

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

    /// <summary>Chooses and durably leases what an endpoint needs, before the kernel is asked for anything.</summary>
    async Task<(Endpoint Endpoint, Lease Lease)> PlanAsync(SandboxRequest request, EndpointRequest wanted)
    {
        var network = Find(wanted.Network) ?? throw EngineException.NotFound($"network {wanted.Network} not found");
        if (network.Driver != "bridge" || pool is null)
            throw EngineException.Invalid($"network {network.Name} cannot be joined: it is no bridge network");
        uint address = await AddressAsync(pool, wanted.IPv4Address);
        string text = IPv4Subnet.Address(address).ToString();
        try
        {
            var lease = new Lease(network.Id, text, request.ContainerId, Bridge.NewLinkName());
            var endpoint = new Endpoint
            {
                NetworkId = network.Id,
                NetworkName = network.Name,
                EndpointId = NewId(),
                HostInterface = lease.Link,
                MacAddress = wanted.MacAddress is { } mac ? ParseMac(mac) : Bridge.MacOf(address),
                IPv4Address = text,
                IPv4PrefixLength = pool.Subnet.PrefixLength,
                Gateway = IPv4Subnet.Address(pool.Gateway).ToString(),
                Aliases = wanted.Aliases,
            };
            store.Take(lease);
            sandboxes.Hold(lease);
            return (endpoint, lease);
        }
        catch
        {
            pool.GiveBack(address);
            throw;
        }
    }

    async Task<uint> AddressAsync(AddressPool from, string? wanted)
    {
        uint? address = null;
        if (wanted is { Length: > 0 })
        {
            address = IPv4Subnet.TryNumber(wanted) ?? throw EngineException.Invalid($"invalid IPv4 address: {wanted}");
            if (!from.Subnet.Contains(address.Value))
                throw EngineException.Invalid($"no configured subnet contains IP address {wanted}");
            if (!from.IsAssignable(address.Value))
                throw EngineException.Invalid($"address {wanted} is the gateway, network or broadcast address of {from.Subnet}");
        }
        uint? Take() => address is { } fixedAddress ? (from.TryTake(fixedAddress) ? fixedAddress : null) : from.TryTake();

        if (Take() is { } taken)
            return taken;
        // It may be waiting for the end of a namespace.
        await sweeper.FlushAsync();
        return Take()
            ?? throw EngineException.Conflict(
                address is null ? $"no free address is left in {from.Subnet}" : $"address {wanted} is already in use"
            );
    }

    /// <summary>Starts the resolver of a sandbox, which owns the sockets, and tells the others its names.</summary>
    void Resolve(SandboxRequest request, IReadOnlyList<Endpoint> endpoints, DnsSockets sockets)
    {
        Publish(request, endpoints);
        var server = new DnsServer(request.ContainerId, sockets, names, forwarder, upstream.For(request.Dns));
        sandboxes.Hold(request.ContainerId, server.Start());
    }

    void Publish(SandboxRequest request, IReadOnlyList<Endpoint> endpoints) =>
        names.Add(
            request.ContainerId,
            request.ContainerName,
            request.Hostname,
            [
                .. endpoints
                    .Where(e => IPv4Subnet.TryNumber(e.IPv4Address) is not null)
                    .Select(e => new DnsEndpoint(
                        e.NetworkId,
                        e.NetworkName,
                        IPv4Subnet.TryNumber(e.IPv4Address)!.Value,
                        e.Aliases
                    )),
            ]
        );

    void GiveBack(Lease lease)
    {
        names.Remove(lease.Owner);
        sweeper.Add(sandboxes.Remove(lease.Owner));
    }

    void Released(Lease lease)
    {
        if (IPv4Subnet.TryNumber(lease.Address) is { } address)
            pool?.GiveBack(address);
    }

    void Tell(string action, string networkId, string containerId)
    {
        if (store.Find(networkId) is { } network)
            events.Publish(
                "network",
                action,
                network.Id,
                new Dictionary<string, string>
                {
                    ["container"] = containerId,
                    ["name"] = network.Name,
                    ["type"] = network.Driver,
                }
            );
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
            throw new EngineException(ErrorKind.System, $"failed to set up the default network: {e.Message}", e);
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
