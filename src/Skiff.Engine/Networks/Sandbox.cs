// A network namespace with its endpoints, ready before the process that will live in it.
using Skiff.Linux;

namespace Skiff.Engine.Networks;

/// <summary>
/// Held by file descriptor only: nothing is mounted, and a crash of the engine before the container starts leaves
/// nothing. The caller disposes it once the container's process holds the namespace.
/// </summary>
public sealed class Sandbox(Fd networkNamespace, IReadOnlyList<Endpoint> endpoints) : IDisposable
{
    public Fd NetworkNamespace { get; } = networkNamespace;
    public IReadOnlyList<Endpoint> Endpoints { get; } = endpoints;

    public void Dispose() => NetworkNamespace.Dispose();
}
