// Connecting a running container to a further network, and disconnecting it from one.
using System.Net.Sockets;
using Skiff.Engine.Networks.Dns;
using Skiff.Engine.Networks.Drivers;
using Skiff.Linux;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks;

public sealed partial class NetworkService
{
    /// <summary>
    /// Connects a container that runs. Returns its endpoints and published ports as they are now; on failure nothing has
    /// changed.
    /// </summary>
    /// <param name="pid">of a process in the sandbox; the caller knows that it is still the container's</param>
    /// <exception cref="EngineException">as CreateSandboxAsync</exception>
    public async Task<(IReadOnlyList<Endpoint> Endpoints, IReadOnlyList<PublishedPort> Ports)> ConnectAsync(
        SandboxRequest request,
        int pid,
        IReadOnlyList<Endpoint> before,
        EndpointRequest wanted,
        CancellationToken cancellation
    )
    {
        var endpoint = await PlanAsync(request, wanted, before);
        List<Endpoint> after = [.. before, endpoint];
        try
        {
            using Fd sandbox = NetworkNamespace.OpenOf(pid);
            using var inside = await NetworkNamespace.EnterAsync(sandbox, NetlinkSocket.Open);
            bridges[endpoint.NetworkId].Bridge.Connect(sandbox, inside, endpoint, isGateway: false);
            Reroute(inside, before, after);
            if (sandboxes.HasResolver(request.ContainerId))
                Publish(request, after);
            else
                Resolve(request, after, await NetworkNamespace.EnterAsync(sandbox, () => DnsSockets.Open(again: true)));
            var ports = Nft(() => Retarget(request, before, after));
            Tell("connect", bridges[endpoint.NetworkId].Record, request.ContainerId);
            return (after, ports);
        }
        catch (Exception e)
        {
            Publish(request, before);
            if (sandboxes.Remove(request.ContainerId, endpoint.NetworkId) is { } lease)
                sweeper.Add([lease]);
            if (e is ErrnoException or SocketException)
                throw new EngineException(ErrorKind.System, $"failed to connect the container: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Disconnects a container that runs; its default route and ports move to an endpoint that is left.</summary>
    public async Task<(IReadOnlyList<Endpoint> Endpoints, IReadOnlyList<PublishedPort> Ports)> DisconnectAsync(
        SandboxRequest request,
        int pid,
        IReadOnlyList<Endpoint> before,
        Endpoint endpoint,
        CancellationToken cancellation
    )
    {
        List<Endpoint> after = [.. before.Where(e => e != endpoint)];
        try
        {
            Publish(request, after);
            Links.TryDelete(host, endpoint.HostInterface);
            if (sandboxes.Remove(request.ContainerId, endpoint.NetworkId) is { } lease)
                sweeper.Add([lease]);
            using Fd sandbox = NetworkNamespace.OpenOf(pid);
            using var inside = await NetworkNamespace.EnterAsync(sandbox, NetlinkSocket.Open);
            Reroute(inside, before, after);
            var ports = Nft(() => Retarget(request, before, after));
            if (store.ById(endpoint.NetworkId) is { } network)
                Tell("disconnect", network, request.ContainerId);
            return (after, ports);
        }
        catch (Exception e) when (e is ErrnoException or SocketException)
        {
            throw new EngineException(ErrorKind.System, $"failed to disconnect the container: {e.Message}", e);
        }
    }

    static void Reroute(NetlinkSocket inside, IReadOnlyList<Endpoint> before, IReadOnlyList<Endpoint> after)
    {
        if (GatewayOf(before) is var old && GatewayOf(after) is var now && old != now)
            Bridge.Reroute(inside, now);
    }

    IReadOnlyList<PublishedPort> Retarget(SandboxRequest request, IReadOnlyList<Endpoint> before, IReadOnlyList<Endpoint> after)
    {
        var (old, now) = (GatewayOf(before), GatewayOf(after));
        if (old == now)
            return publisher.PortsOf(request.ContainerId);
        if (old is not null && now is not null && publisher.PortsOf(request.ContainerId).Count > 0)
            return publisher.Retarget(request.ContainerId, now.IPv4Address);
        publisher.Release(request.ContainerId);
        return PublishPorts(request, now);
    }
}
