// skiff-runtime start: lets the process of a created container go.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>start ID.</summary>
internal static class StartCommand
{
    // The execve comes at once; a container that is frozen has to be waited for by somebody else.
    const int PatienceMilliseconds = 5_000;

    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        string id = Arguments.Parse("start", given, [], []).OnlyId();
        using FileLock held = store.Lock(id);
        using LiveState state = LiveState.Load(store, id);
        if (state.Status != ContainerStatus.Created)
            throw new LaunchException(
                FailureKind.WrongState,
                state.Status switch
                {
                    ContainerStatus.Stopped => "cannot start a container that has stopped",
                    ContainerStatus.Creating => "cannot start a container that is being created",
                    ContainerStatus.Paused => "cannot start a paused container",
                    _ => "cannot start an already running container",
                }
            );
        var hooks = new Hooks(store, state.Container.Spec);
        if (state.Container.Spec.Hooks?.StartContainer is { Count: > 0 })
            Program.Seal(); // they are cloned from us into the container
        Release(store, state.Record, hooks, state.Init);
        return 0;
    }

    /// <summary>Runs the hooks before, opens the gate, waits until the program is executed, runs the hooks after.</summary>
    /// <exception cref="LaunchException">a hook failed: the container is killed</exception>
    public static void Release(StateStore store, ContainerRecord record, Hooks hooks, Fd init)
    {
        try
        {
            hooks.StartContainer(record, init);
        }
        catch
        {
            Pidfd.SendSignal(init, Signals.SIGKILL);
            throw;
        }
        string path = store.Gate(record.Id);
        using (Fd? gate = FdIo.TryOpenFifo(path))
        {
            if (gate is null || FdIo.TryWrite(gate, [1], out _) != 1)
                throw new LaunchException(FailureKind.WrongState, "cannot start a container that has stopped");
            // The reader closes it at execve; with the last reader gone a writer is told of an error.
            using var epoll = new Epoll();
            epoll.Add(gate, EpollEvents.None, 0);
            Span<EpollReady> ready = stackalloc EpollReady[1];
            epoll.Wait(ready, PatienceMilliseconds);
        }
        File.Delete(path);
        hooks.Poststart(record);
    }
}
