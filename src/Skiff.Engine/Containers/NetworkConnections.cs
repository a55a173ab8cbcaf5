// Connecting a container to networks and disconnecting it, whether it runs or not.
using Skiff.Engine.Bundles;
using Skiff.Engine.Networks;
using Skiff.Linux.Processes;

namespace Skiff.Engine.Containers;

/// <summary>The failures are in Docker's words.</summary>
public sealed class NetworkConnections
{
    readonly ContainerStore store;
    readonly NetworkService networks;
    readonly EtcFiles files;

    internal NetworkConnections(ContainerStore store, NetworkService networks, EtcFiles files)
    {
        this.store = store;
        this.networks = networks;
        this.files = files;
    }

    /// <summary>Durable when this returns: the next start connects it too.</summary>
    /// <exception cref="EngineException">
    /// NotFound: no such network or container; Forbidden: connected already, or a container without a network of its own
    /// </exception>
    public async Task ConnectAsync(string container, EndpointRequest wanted, CancellationToken cancellation)
    {
        var network = networks.Get(wanted.Network);
        var live = store.Get(container);
        using (await live.LockAsync(cancellation))
        {
            var record = live.Record;
            Check(record, network);
            if (IndexOf(record, network) >= 0)
                throw new EngineException(
                    ErrorKind.Forbidden,
                    $"endpoint with name {record.Name} already exists in network {network.Name}"
                );
            var asked = wanted with { Network = network.Name };
            if (record.State.IsRunning)
            {
                var (endpoints, ports) = await networks.ConnectAsync(
                    Lifecycle.SandboxOf(record),
                    Pid(record),
                    record.Endpoints,
                    asked,
                    CancellationToken.None
                );
                record = record with { Endpoints = endpoints, Ports = ports };
                files.Connected(record, endpoints[^1]);
            }
            store.Save(live, record with { Networks = [.. record.Networks, asked] });
        }
    }

    /// <param name="force">a container that is gone, or is not connected, is no failure</param>
    public async Task DisconnectAsync(string networkName, string container, bool force, CancellationToken cancellation)
    {
        var network = networks.Get(networkName);
        if (force && store.Find(container) is null)
            return;
        var live = store.Get(container);
        using (await live.LockAsync(cancellation))
        {
            var record = live.Record;
            int index = IndexOf(record, network);
            if (index < 0 && force)
                return;
            if (index < 0)
                throw new EngineException(
                    ErrorKind.Forbidden,
                    $"container {record.Id} is not connected to network {network.Name}"
                );
            if (record.State.IsRunning && record.Endpoints.FirstOrDefault(e => e.NetworkId == network.Id) is { } endpoint)
            {
                var (endpoints, ports) = await networks.DisconnectAsync(
                    Lifecycle.SandboxOf(record),
                    Pid(record),
                    record.Endpoints,
                    endpoint,
                    CancellationToken.None
                );
                record = record with { Endpoints = endpoints, Ports = ports };
                files.Disconnected(record, endpoint);
            }
            store.Save(live, record with { Networks = [.. record.Networks.Where((_, i) => i != index)] });
        }
    }

    int IndexOf(Container container, Network network) =>
        container.Networks.ToList().FindIndex(n => networks.Find(n.Network)?.Id == network.Id);

    static void Check(Container container, Network network)
    {
        if (container.Host.NetworkMode == "host" || network.Driver == "host")
            throw new EngineException(
                ErrorKind.Forbidden,
                "container cannot be connected to host network or disconnected from it"
            );
        if (ContainerMode.Target(container.Host.NetworkMode) is not null)
            throw new EngineException(
                ErrorKind.Forbidden,
                "container sharing network namespace with another container or host cannot be connected to any other network"
            );
        if (container.Host.NetworkMode == "none" || network.Driver == "null")
            throw new EngineException(
                ErrorKind.Forbidden,
                "container cannot be connected to multiple networks with one of the networks in private (none) mode"
            );
    }

    /// <summary>Of its init process, which is still the one that was started.</summary>
    static int Pid(Container container) =>
        ProcessStat.StartTicks(container.State.Pid) == container.State.StartTicks
            ? container.State.Pid
            : throw EngineException.Conflict($"container {container.Id} is not running");
}
