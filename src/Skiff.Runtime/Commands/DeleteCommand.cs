// skiff-runtime delete: gives back everything that a container has taken.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>delete [--force] ID.</summary>
internal static class DeleteCommand
{
    const int PatienceMilliseconds = 10_000;

    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        var arguments = Arguments.Parse("delete", given, [], ["force|f"]);
        string id = arguments.OnlyId();
        bool force = arguments.Has("force");
        if (force && !Directory.Exists(store.DirectoryOf(id)))
            return 0;
        using FileLock held = store.Lock(id);
        if (store.TryLoad(id) is not { } record)
        {
            store.Remove(id); // its create was killed before it took anything else
            return 0;
        }
        using LiveState state = LiveState.Of(store, record);
        if (state.Status is not ContainerStatus.Stopped)
        {
            if (!force)
                throw new LaunchException(
                    FailureKind.WrongState,
                    $"cannot delete container {id} that is not stopped: {state.Status.Word()}"
                );
            Kill(state);
        }
        Remove(store, state.Record, state.Container, new Hooks(store, state.Container.Spec));
        return 0;
    }

    /// <summary>Gives back the cgroup, runs the hooks of the end, forgets the container.</summary>
    public static void Remove(StateStore store, ContainerRecord record, ContainerLaunch container, Hooks hooks)
    {
        container.Remove();
        hooks.Poststop(record with { Pid = 0 });
        store.Remove(record.Id);
    }

    static void Kill(LiveState state)
    {
        if (state.Status == ContainerStatus.Creating)
            throw new LaunchException(FailureKind.WrongState, "cannot delete a container that is being created");
        if (state.Status == ContainerStatus.Paused)
        {
            Pidfd.SendSignal(state.Init, Signals.SIGKILL);
            state.Container.Thaw();
        }
        Pidfd.SendSignal(state.Init, Signals.SIGKILL);
        using var epoll = new Epoll();
        epoll.Add(state.Init, EpollEvents.In, 0);
        Span<EpollReady> ready = stackalloc EpollReady[1];
        if (epoll.Wait(ready, PatienceMilliseconds) == 0)
            throw new TimeoutException($"container {state.Record.Id} does not die");
    }
}
