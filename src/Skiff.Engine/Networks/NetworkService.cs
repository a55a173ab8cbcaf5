// The verbs on networks.
using Skiff.Engine.Events;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Networks;

/// <summary>Networks and the sandboxes of containers.</summary>
public sealed class NetworkService(
    EngineOptions options,
    StateLayout layout,
    Database database,
    Journal journal,
    EventBus events
) : IAsyncDisposable
{
    readonly EngineOptions options = options;
    readonly StateLayout layout = layout;
    readonly Database database = database;
    readonly Journal journal = journal;
    readonly EventBus events = events;

    /// <summary>Makes or re-asserts the default network, gives back links and leases of containers that are gone.</summary>
    public Task OpenAsync(CancellationToken cancellation) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Removes what this engine made in the kernel: bridges, tables, sysctls. For `skiffd --cleanup`.</summary>
    public Task PurgeAsync(CancellationToken cancellation) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Closes sockets; running containers' networking stays.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException("filled in by this slice");


    public IReadOnlyList<Network> List() => throw new NotSupportedException("filled in by this slice");

    /// <summary>By name, id or unambiguous prefix; null if there is none.</summary>
    public Network? Find(string nameOrId) => throw new NotSupportedException("filled in by this slice");

    /// <summary>
    /// Makes a network namespace with loopback up and one endpoint a request. Leases, names and rules are journaled
    /// under <paramref name="containerId"/>.
    /// </summary>
    public Task<Sandbox> CreateSandboxAsync(
        string containerId,
        string containerName,
        string hostname,
        IReadOnlyList<EndpointRequest> requests,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Takes over the endpoints of a container that runs already, after a restart of the engine.</summary>
    public Task AdoptAsync(
        string containerId,
        string containerName,
        string hostname,
        int pid,
        IReadOnlyList<Endpoint> endpoints,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Gives back leases, names, rules and links of a container. Idempotent; never on a start path.</summary>
    public Task ReleaseAsync(string containerId, CancellationToken cancellation) => throw new NotSupportedException("filled in by this slice");

    /// <summary>The content of a container's /etc/resolv.conf on its networks (or the host's, with --network host).</summary>
    public string ResolvConf(bool hostNetwork, IReadOnlyList<string> dns, IReadOnlyList<string> search, IReadOnlyList<string> options) =>
        throw new NotSupportedException("filled in by this slice");
}
