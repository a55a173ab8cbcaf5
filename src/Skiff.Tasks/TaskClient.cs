// A live bundle seen from outside: starts its shim, or finds it again, and speaks to it.
using System.Net.Sockets;
using Skiff.Linux;

namespace Skiff.Tasks;

/// <summary>
/// Speaks to one shim. Each call uses a connection of its own to shim.sock, so a long Wait holds up nothing.
/// Failures the shim reports are thrown as <see cref="TaskException"/>; a shim that is gone as <see cref="IOException"/>.
/// </summary>
public sealed class TaskClient
{
    /// <summary>
    /// Starts a shim for a bundle directory that holds config.json and task.json. The listening socket is made here
    /// and handed over as descriptor 3, so the first connection can be made at once; a network namespace, if given,
    /// as descriptor 4 (config.json names it /proc/self/fd/4).
    /// </summary>
    public static TaskClient Spawn(string runtimePath, string bundle, Fd? networkNamespace) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Finds the shim of a bundle again; null if none answers.</summary>
    public static Task<TaskClient?> TryConnectAsync(string bundle, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Pid of the shim itself.</summary>
    public int ShimPid { get; }

    /// <summary>Sends a request, returns its answer.</summary>
    /// <exception cref="TaskException">the shim answered that it failed</exception>
    public Task<T> AskAsync<T>(TaskRequest request, CancellationToken cancellation)
        where T : TaskAnswer => throw new NotSupportedException("filled in by this slice");

    /// <summary>Opens the stdio of a process: see TaskMessages for what flows. The caller disposes the socket.</summary>
    public Task<Socket> AttachAsync(AttachRequest request, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");
}

/// <summary>The shim refused or failed a request.</summary>
public sealed class TaskException(FailureKind kind, string message) : Exception(message)
{
    public FailureKind Kind { get; } = kind;
}
