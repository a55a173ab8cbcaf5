// A container in the memory of the engine: its record, its lock, its task, and those who wait for it.
using System.Net.Sockets;
using Skiff.Oci.Runtime;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class LiveContainer(Container record)
{
    volatile Container record = record;
    readonly Lock waiting = new();
    readonly TaskCompletionSource<ContainerExit> removed = NewSource();
    TaskCompletionSource<ContainerExit> nextExit = NewSource();
    List<PendingAttach> pending = [];

    /// <summary>Held while the container changes; never while waiting for its process to end.</summary>
    readonly SemaphoreSlim gate = new(1);

    internal string Id => record.Id;

    /// <summary>The latest durable record.</summary>
    internal Container Record
    {
        get => record;
        set => record = value;
    }

    /// <summary>The shim, from its spawn until the exit of its process is recorded.</summary>
    internal TaskClient? Task { get; private set; }

    /// <summary>The init process as the bundle of this run has it: execs start from it.</summary>
    internal SpecProcess? Process { get; set; }

    /// <summary>The wait before the next automatic start, and its end: cancelled when its user wants something else.</summary>
    internal TimeSpan RestartDelay { get; set; }
    internal CancellationTokenSource? RestartWait { get; set; }

    /// <summary>Starting or running: an exit will come.</summary>
    internal bool IsActive => Task is not null || record.State.IsRunning;

    /// <summary>Completes at the next exit, or when the container is removed without one.</summary>
    internal Task<ContainerExit> NextExit
    {
        get
        {
            lock (waiting)
                return nextExit.Task;
        }
    }

    /// <summary>Completes when the container is gone.</summary>
    internal Task<ContainerExit> Removed => removed.Task;

    internal async Task<IDisposable> LockAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        return new Release(gate);
    }

    /// <summary>The shim is there: later attaches go straight to it. Returns the clients that waited for it.</summary>
    internal IReadOnlyList<PendingAttach> TaskStarted(TaskClient task)
    {
        lock (waiting)
        {
            Task = task;
            var waited = pending;
            pending = [];
            return waited;
        }
    }

    /// <summary>The process is gone and that is recorded.</summary>
    internal void TaskEnded(ContainerExit exit)
    {
        TaskCompletionSource<ContainerExit> ended;
        lock (waiting)
        {
            Task = null;
            ended = nextExit;
            nextExit = NewSource();
        }
        ended.TrySetResult(exit);
    }

    /// <summary>The start failed: whoever attached will get nothing.</summary>
    internal void StartFailed()
    {
        List<PendingAttach> abandoned;
        lock (waiting)
        {
            Task = null;
            abandoned = pending;
            pending = [];
        }
        foreach (var attach in abandoned)
            attach.Connected.TrySetResult(null);
    }

    /// <summary>The container is gone: everyone who waits for anything is told.</summary>
    internal void WasRemoved(ContainerExit exit)
    {
        StartFailed();
        TaskEnded(exit);
        removed.TrySetResult(exit);
    }

    /// <summary>The shim if there is one, else a place among those who wait for it.</summary>
    internal TaskClient? TaskOrPending(PendingAttach attach)
    {
        lock (waiting)
        {
            if (Task is null)
                pending.Add(attach);
            return Task;
        }
    }

    internal void Abandon(PendingAttach attach)
    {
        lock (waiting)
            pending.Remove(attach);
    }

    static TaskCompletionSource<ContainerExit> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    sealed class Release(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

/// <summary>A client that attached before the start: gets its connection to the shim before the process runs, or null.</summary>
internal sealed class PendingAttach(Skiff.Tasks.AttachRequest request)
{
    internal Skiff.Tasks.AttachRequest Request { get; } = request;
    internal TaskCompletionSource<Socket?> Connected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
