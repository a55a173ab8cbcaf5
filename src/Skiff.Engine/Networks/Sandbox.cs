// A network namespace with its endpoints, ready before the process that will live in it.
using Skiff.Linux;

namespace Skiff.Engine.Networks;

/// <summary>Whose sandbox it is and what it is connected to; no networks at all leave it with loopback only.</summary>
public sealed record SandboxRequest
{
    public required string ContainerId { get; init; }

    /// <summary>Without a slash in front.</summary>
    public required string ContainerName { get; init; }
    public string Hostname { get; init; } = "";
    public IReadOnlyList<EndpointRequest> Networks { get; init; } = [];

    /// <summary>Published at the first network.</summary>
    public IReadOnlyList<PortRequest> Ports { get; init; } = [];

    /// <summary>Name servers that the sandbox's resolver asks; none takes the engine's, or the host's.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];
}

/// <summary>
/// Held by file descriptor only: nothing is mounted, and a crash of the engine before the container starts leaves
/// nothing. The caller disposes it once the container's process holds the namespace.
/// </summary>
public sealed class Sandbox(Fd networkNamespace, IReadOnlyList<Endpoint> endpoints, IReadOnlyList<PublishedPort> ports)
    : IDisposable
{
    public Fd NetworkNamespace { get; } = networkNamespace;
    public IReadOnlyList<Endpoint> Endpoints { get; } = endpoints;
    public IReadOnlyList<PublishedPort> Ports { get; } = ports;

    public void Dispose() => NetworkNamespace.Dispose();
}
