// What a user does to a running container: stop, kill, pause, remove. Part of Lifecycle.
using Skiff.Engine.Storage;
using Skiff.Linux.Processes;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed partial class Lifecycle
{
    static readonly TimeSpan DefaultStopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Signals, waits, kills.</summary>
    internal async Task StopAsync(LiveContainer live, string? signal, int? timeoutSeconds, CancellationToken cancellation)
    {
        var exit = live.NextExit;
        var config = live.Record.Config;
        int number = SignalNumber(signal ?? config.StopSignal ?? "TERM");
        var timeout = (timeoutSeconds ?? config.StopTimeoutSeconds) is { } seconds
            ? seconds < 0
                ? Timeout.InfiniteTimeSpan
                : TimeSpan.FromSeconds(seconds)
            : DefaultStopTimeout;
        if (await StoppedByUserAsync(live, cancellation))
            return;
        await KillAsync(live, number, cancellation);
        await ThawAsync(live, cancellation);
        try
        {
            await exit.WaitAsync(timeout, cancellation);
        }
        catch (TimeoutException)
        {
            await KillAsync(live, Signals.SIGKILL, cancellation);
            await exit.WaitAsync(cancellation);
        }
        events.Publish(live.Record, "stop");
    }

    /// <summary>A signal of the user. One that ends the container also ends its restarts.</summary>
    internal async Task KillByUserAsync(LiveContainer live, int signal, CancellationToken cancellation)
    {
        bool ends = signal == Signals.SIGKILL || signal == SignalNumber(live.Record.Config.StopSignal ?? "TERM");
        if ((ends || live.Record.State.Status == ContainerStatus.Restarting) && await StoppedByUserAsync(live, cancellation))
            return;
        await KillAsync(live, signal, cancellation);
        if (signal == Signals.SIGKILL)
            await ThawAsync(live, cancellation);
    }

    /// <summary>A process that stands still acts on a signal when it runs again; in cgroup v1 that goes for SIGKILL too.</summary>
    async Task ThawAsync(LiveContainer live, CancellationToken cancellation)
    {
        if (live.Record.State.Status != ContainerStatus.Paused)
            return;
        try
        {
            await UnpauseAsync(live, cancellation);
        }
        catch (Exception e) when (e is EngineException { Kind: ErrorKind.Conflict or ErrorKind.NotFound } or IOException)
        {
            // It has ended: in cgroup v2 a frozen process can be killed.
        }
    }

    /// <summary>Signals the init process; a process that ended meanwhile is no error.</summary>
    internal async Task KillAsync(LiveContainer live, int signal, CancellationToken cancellation)
    {
        if (live.Task is not { } task)
            return;
        try
        {
            await AskAsync<DoneAnswer>(task, new KillRequest(null, signal, All: false), cancellation);
        }
        catch (EngineException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.Conflict)
        {
            return;
        }
        catch (IOException)
        {
            return; // the shim has just ended with its process
        }
        events.Publish(live.Record, "kill", ("signal", $"{signal}"));
    }

    internal async Task PauseAsync(LiveContainer live, CancellationToken cancellation)
    {
        using (await live.LockAsync(cancellation))
        {
            if (!live.Record.State.IsRunning)
                throw EngineException.Conflict($"container {live.Id} is not running");
            if (live.Record.State.Status == ContainerStatus.Paused)
                throw EngineException.Conflict($"Container {live.Id} is already paused");
            await AskAsync<DoneAnswer>(RunningTask(live), new PauseRequest(Resume: false), cancellation);
            SetStatus(live, ContainerStatus.Paused);
            events.Publish(live.Record, "pause");
        }
    }

    internal async Task UnpauseAsync(LiveContainer live, CancellationToken cancellation)
    {
        using (await live.LockAsync(cancellation))
        {
            if (live.Record.State.Status != ContainerStatus.Paused)
                throw EngineException.Conflict($"Container {live.Id} is not paused");
            await AskAsync<DoneAnswer>(RunningTask(live), new PauseRequest(Resume: true), cancellation);
            SetStatus(live, ContainerStatus.Running);
            events.Publish(live.Record, "unpause");
        }
    }

    /// <param name="withVolumes">those too that nobody named and no other container mounts</param>
    internal async Task RemoveAsync(LiveContainer live, bool force, bool withVolumes, CancellationToken cancellation)
    {
        while (live.IsActive || live.Record.State.Status == ContainerStatus.Restarting)
        {
            if (!force)
                throw EngineException.Conflict(
                    $"cannot remove container \"{live.Record.Name}\": container is {Word(live.Record.State.Status)}: "
                        + "stop the container before removing or force remove"
                );
            var exit = live.NextExit;
            if (await StoppedByUserAsync(live, cancellation))
                break;
            await KillAsync(live, Signals.SIGKILL, cancellation);
            await ThawAsync(live, cancellation);
            await exit.WaitAsync(cancellation);
        }
        using (await live.LockAsync(cancellation))
        {
            if (live.Removed.IsCompleted)
                return; // someone else, or --rm, was faster
            if (live.IsActive)
                throw EngineException.Conflict($"container {live.Id} was started while it was being removed");
            // Logically gone first; what is left on disk stands in the journal until it is given back.
            snapshotter.Remove(live.Id);
            store.Remove(live);
            if (Directory.Exists(layout.Container(live.Id)))
                Directory.Delete(layout.Container(live.Id), recursive: true);
            journal.Strike(new JournalEntry(live.Id, ResourceKind.Directory, layout.Container(live.Id)));
            execs.ContainerRemoved(live.Id);
            events.Publish(live.Record, "destroy");
            if (withVolumes)
                volumes.RemoveAnonymous(ContainerMounts.Volumes(live.Record).Select(m => m.Source));
            live.WasRemoved(new ContainerExit(live.Record.State.ExitCode, null));
        }
    }

    /// <summary>The signal's number by name ("KILL", "SIGKILL") or number.</summary>
    /// <exception cref="EngineException">InvalidParameter</exception>
    internal static int SignalNumber(string signal) =>
        Signals.TryParse(signal) ?? throw EngineException.Invalid($"invalid signal: {signal}");

    static string Word(ContainerStatus status) =>
        status switch
        {
            ContainerStatus.Paused => "paused",
            ContainerStatus.Restarting => "restarting",
            _ => "running",
        };
}
