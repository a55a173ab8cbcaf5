// The verbs on networks.
namespace Skiff.Engine.Networks;

/// <summary>Networks and the sandboxes of containers.</summary>
public sealed class NetworkService
{
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
