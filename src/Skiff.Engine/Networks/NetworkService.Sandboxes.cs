// The sandboxes of containers: made with their endpoints, adopted, given back.
using System.Net.Sockets;
using Skiff.Engine.Networks.Dns;
using Skiff.Engine.Networks.Drivers;
using Skiff.Linux;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks;

public sealed partial class NetworkService
{
    /// <summary>
    /// Makes a network namespace with loopback up and one endpoint a request. Leases and links are journaled under the
    /// container's id.
    /// </summary>
    /// <exception cref="EngineException">
    /// NotFound: no such network; InvalidParameter: a fixed address that cannot be; Conflict: it is taken, or all are;
    /// System: a port is taken
    /// </exception>
    public async Task<Sandbox> CreateSandboxAsync(SandboxRequest request, CancellationToken cancellation)
    {
        var endpoints = new List<Endpoint>();
        ReadyNamespace? ready = null;
        try
        {
            foreach (var wanted in request.Networks)
                endpoints.Add(await PlanAsync(request, wanted, endpoints));
            ready = await namespaces.TakeAsync();
            var gateway = GatewayOf(endpoints);
            foreach (var endpoint in endpoints)
                bridges[endpoint.NetworkId].Bridge.Connect(ready.Descriptor, ready.Netlink, endpoint, endpoint == gateway);
            IReadOnlyList<PublishedPort> ports = [];
            if (endpoints.Count > 0)
            {
                ports = Nft(() => PublishPorts(request, gateway));
                Resolve(request, endpoints, ready.Dns);
                foreach (var endpoint in endpoints)
                    Tell("connect", bridges[endpoint.NetworkId].Record, request.ContainerId);
            }
            else
                ready.Dns.Dispose(); // with loopback only there is nobody to ask for
            ready.Netlink.Dispose();
            return new Sandbox(ready.Descriptor, endpoints, ports);
        }
        catch (Exception e)
        {
            ready?.Dispose();
            publisher.Release(request.ContainerId);
            names.Remove(request.ContainerId);
            sweeper.Add(sandboxes.Remove(request.ContainerId));
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
            if (store.ById(lease.NetworkId) is { } network)
                Tell("disconnect", network, containerId);
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

    /// <summary>
    /// The endpoint that the default route goes by: of the highest priority, else the first by its network's name, as in
    /// Docker; null if all are internal.
    /// </summary>
    internal static Endpoint? GatewayOf(IReadOnlyCollection<Endpoint> endpoints) =>
        endpoints
            .Where(e => e.Gateway.Length > 0)
            .OrderByDescending(e => e.GatewayPriority)
            .ThenBy(e => e.NetworkName, StringComparer.Ordinal)
            .FirstOrDefault();

    /// <summary>Ports lead to the endpoint with the default route: answers go by it.</summary>
    IReadOnlyList<PublishedPort> PublishPorts(SandboxRequest request, Endpoint? gateway) =>
        gateway is null
            ? []
            : publisher.Publish(
                request.ContainerId,
                gateway.IPv4Address,
                [
                    .. request.Ports.Select(p =>
                        p.HostIp.Length > 0 ? p : p with { HostIp = bridges[gateway.NetworkId].Settings.HostBinding }
                    ),
                ]
            );

    /// <summary>Chooses and durably leases what an endpoint needs, before the kernel is asked for anything.</summary>
    async Task<Endpoint> PlanAsync(SandboxRequest request, EndpointRequest wanted, IReadOnlyCollection<Endpoint> others)
    {
        var record = Get(wanted.Network);
        if (!bridges.TryGetValue(record.Id, out var network))
            throw EngineException.Invalid(
                $"network {record.Name} cannot be joined: it is no bridge network, or could not be opened"
            );
        if (others.Any(o => o.NetworkId == record.Id))
            throw EngineException.Invalid($"network {record.Name} is specified multiple times");
        var pool = network.Pool;
        uint address = await AddressAsync(pool, wanted.IPv4Address);
        string text = IPv4Subnet.Address(address).ToString();
        try
        {
            var lease = new Lease(record.Id, text, request.ContainerId, Bridge.NewLinkName());
            var endpoint = new Endpoint
            {
                NetworkId = record.Id,
                NetworkName = record.Name,
                EndpointId = NewId(),
                Interface = InterfaceName(network.Settings.InterfacePrefix, others),
                HostInterface = lease.Link,
                MacAddress = wanted.MacAddress is { } mac ? ParseMac(mac) : Bridge.MacOf(address),
                IPv4Address = text,
                IPv4PrefixLength = pool.Subnet.PrefixLength,
                Gateway = record.Internal ? "" : IPv4Subnet.Address(pool.Gateway).ToString(),
                GatewayPriority = wanted.GatewayPriority,
                Aliases = wanted.Aliases,
            };
            lock (network)
            {
                if (network.IsRemoved)
                    throw EngineException.NotFound($"network {wanted.Network} not found");
                store.Take(lease);
                sandboxes.Hold(lease);
            }
            return endpoint;
        }
        catch
        {
            pool.GiveBack(address);
            throw;
        }
    }

    static string InterfaceName(string prefix, IReadOnlyCollection<Endpoint> others)
    {
        for (int number = 0; ; number++)
            if (!others.Any(o => o.Interface == $"{prefix}{number}"))
                return $"{prefix}{number}";
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

    void Released(Lease lease)
    {
        if (bridges.TryGetValue(lease.NetworkId, out var network) && IPv4Subnet.TryNumber(lease.Address) is { } address)
            network.Pool.GiveBack(address);
    }
}
