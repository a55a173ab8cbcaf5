// A container in the memory of the engine: its record, its lock, its task, and those who wait for it.
using System.Net.Sockets;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class LiveContainer(Container record)
{
    volatile Container record = record;

    /// <summary>Held while the container changes; never while waiting for its process to end.</summary>
    readonly SemaphoreSlim gate = new(1);

    internal string Id => record.Id;

    /// <summary>The latest durable record.</summary>
    internal Container Record
    {
        get => record;
        set => record = value;
    }

    /// <summary>The shim, while there is one.</summary>
    internal TaskClient? Task { get; set; }

    /// <summary>Completed when the running process has ended and that is recorded; replaced at each start.</summary>
    internal TaskCompletionSource<ContainerExit> Exited { get; private set; } = NewSource<ContainerExit>();

    /// <summary>Completed when the container is gone.</summary>
    internal TaskCompletionSource<ContainerExit> Removed { get; } = NewSource<ContainerExit>();

    /// <summary>Clients that attached before the start. Guarded by the list's own lock.</summary>
    internal List<PendingAttach> PendingAttaches { get; } = [];

    /// <summary>Set by stop and kill, so that the end of the process is known to be wished.</summary>
    internal bool StopRequested { get; set; }

    internal void ResetExited() => Exited = NewSource<ContainerExit>();

    internal async Task<IDisposable> LockAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        return new Release(gate);
    }

    static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    sealed class Release(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

/// <summary>A client that attached before the start: gets its connection to the shim before the process runs.</summary>
internal sealed class PendingAttach(Skiff.Tasks.AttachRequest request)
{
    internal Skiff.Tasks.AttachRequest Request { get; } = request;
    internal TaskCompletionSource<Socket> Connected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
