// How a container's process begins and ends: start, exit, stop, kill, pause, remove.
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Linux.Mounts;
using Skiff.Linux.Processes;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class Lifecycle(
    EngineOptions options,
    StateLayout layout,
    Journal journal,
    ContainerStore store,
    Snapshotter snapshotter,
    NetworkService networks,
    VolumeService volumes,
    BundleBuilder bundles,
    Execs execs,
    HealthMonitor health,
    OomMonitor memory,
    ContainerEvents events,
    EngineTasks background
)
{
    static readonly TimeSpan DefaultStopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Returns warnings for the user.</summary>
    /// <exception cref="EngineException">InvalidParameter: a setting that no bundle can express</exception>
    internal IReadOnlyList<string> CheckBundle(Container container) => bundles.Check(container);

    /// <exception cref="EngineException">NotModified if it runs already; what keeps it from starting</exception>
    internal async Task StartAsync(LiveContainer live, CancellationToken cancellation)
    {
        using (await live.LockAsync(cancellation))
        {
            var container = live.Record;
            if (container.State.IsRunning || container.State.Status == ContainerStatus.Restarting)
                throw new EngineException(ErrorKind.NotModified, $"container {live.Id} is already running");
            if (container.State.Status == ContainerStatus.Dead)
                throw EngineException.Conflict("container is marked for removal and cannot be started");
            live.RestartDelay = TimeSpan.Zero;
            container = container with { RestartCount = 0 };
            try
            {
                // From here on the client may go: a start is finished or undone, never left half way.
                await LaunchAsync(live, container);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                RecordFailedStart(live, e);
                if (!container.Host.AutoRemove)
                    throw;
            }
        }
        // Only an automatically removed container that failed to start comes here: its failure stands in the record.
        var failed = live.Record.State;
        await RemoveAsync(live, force: true, withVolumes: true, CancellationToken.None);
        throw new EngineException(failed.ExitCode is 126 or 127 ? ErrorKind.InvalidParameter : ErrorKind.System, failed.Error);
    }

    async Task LaunchAsync(LiveContainer live, Container container)
    {
        string id = container.Id;
        string bundle = layout.Bundle(id);
        var snapshot =
            snapshotter.Find(id)
            ?? throw new EngineException(ErrorKind.DataLoss, $"the writable layer of container {id} is missing");
        await using var rollback = new Rollback();

        using var joins = QuickJoins.Begin(background, TimeSpan.FromSeconds(1));
        journal.Take(Taken(container));
        rollback.Push(() => GiveBackAsync(container));
        Directory.CreateDirectory(bundle);
        using var joined = JoinedNamespaces.Open(container, store);
        if (joined.Hostname is { } hostname)
            container = container with { Config = container.Config with { Hostname = hostname } };
        volumes.Mount(id, ContainerMounts.Uses(container));
        using var sandbox =
            container.Host.NetworkMode == "host" || joined.NetworkPath is not null
                ? null
                : await networks.CreateSandboxAsync(SandboxOf(container), CancellationToken.None);
        var endpoints = sandbox?.Endpoints ?? [];
        live.Process = bundles.Write(container, snapshot, endpoints, hasSandbox: sandbox is not null, joined);

        var task = TaskClient.Spawn(options.RuntimePath, bundle, sandbox?.NetworkNamespace);
        rollback.Push(() => EndShimAsync(task));
        await ConnectAsync(live.TaskStarted(task), task);
        var started = await AskAsync<StartedAnswer>(task, new StartRequest(), CancellationToken.None);

        store.Save(
            live,
            container with
            {
                Endpoints = endpoints,
                Ports = sandbox?.Ports ?? [],
                State = new ContainerState
                {
                    Status = ContainerStatus.Running,
                    Pid = started.Pid,
                    StartTicks = started.StartTicks,
                    ShimPid = task.ShimPid,
                    StartedAt = DateTimeOffset.UtcNow,
                    Health = HealthCheck.Of(container.Config.Healthcheck, container.Config.Shell) is null ? null : new Health(),
                    FinishedAt = container.State.FinishedAt,
                },
            }
        );
        rollback.Keep();
        events.Publish(container, "start");
        Adopt(live, task);
    }

    /// <summary>It runs: waits for its end and looks after its health and its memory.</summary>
    internal void Adopt(LiveContainer live, TaskClient task)
    {
        memory.Begin(live);
        health.Begin(live);
        background.Run(() => WatchAsync(live, task));
    }

    /// <summary>What the label of a container asks for when it has become unhealthy.</summary>
    internal async Task ActAsync(LiveContainer live, string action)
    {
        switch (action)
        {
            case "restart":
                await StopAsync(live, null, null, CancellationToken.None);
                await StartAsync(live, CancellationToken.None);
                events.Publish(live.Record, "restart");
                break;
            case "stop":
                await StopAsync(live, null, null, CancellationToken.None);
                break;
            case "kill":
                await KillByUserAsync(live, Signals.SIGKILL, CancellationToken.None);
                break;
        }
    }

    /// <summary>Waits for the end of a running container's process, however it comes.</summary>
    internal async Task WatchAsync(LiveContainer live, TaskClient task)
    {
        ExitAnswer exit;
        try
        {
            exit = await AskAsync<ExitAnswer>(task, new WaitRequest(null), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or EngineException or System.Net.Sockets.SocketException)
        {
            // The shim is gone: its exit record says what happened, or nobody will ever know.
            exit = LostExit(live.Record);
        }
        await EndedAsync(live, task, exit);
    }

    /// <summary>Records the end of a process and gives back what its run had taken.</summary>
    internal async Task EndedAsync(LiveContainer live, TaskClient? task, ExitAnswer exit)
    {
        bool remove;
        bool again;
        using (await live.LockAsync(CancellationToken.None))
        {
            var container = live.Record;
            if (!container.State.IsRunning)
                return;
            memory.End(live); // before its cgroup can be another run's
            var ended = container with
            {
                Endpoints = [],
                Ports = [],
                State = container.State with
                {
                    Status = ContainerStatus.Exited,
                    Pid = 0,
                    ShimPid = 0,
                    ExitCode = exit.Code,
                    OomKilled = exit.OomKilled || container.State.OomKilled,
                    FinishedAt = exit.ExitedAt,
                },
            };
            again = Restarts.AfterExit(ended);
            store.Save(live, again ? Restarting(ended) : ended);
            execs.ContainerEnded(live.Id);
            if (exit.OomKilled && !container.State.OomKilled)
                events.Publish(container, "oom");
            live.TaskEnded(new ContainerExit(exit.Code, null));
            try
            {
                if (task is not null)
                    await EndShimAsync(task);
                await GiveBackAsync(container);
            }
            finally
            {
                // The last word of a run: who hears it finds its network and its mounts given back.
                events.Publish(
                    container,
                    "die",
                    ("exitCode", $"{exit.Code}"),
                    ("execDuration", $"{(long)(exit.ExitedAt - (container.State.StartedAt ?? exit.ExitedAt)).TotalSeconds}")
                );
            }
            remove = container.Host.AutoRemove;
            if (again)
                ScheduleRestart(live, exit.ExitedAt - (container.State.StartedAt ?? exit.ExitedAt));
        }
        if (remove)
            await RemoveAsync(live, force: true, withVolumes: true, CancellationToken.None);
    }

    static Container Restarting(Container ended) =>
        ended with
        {
            RestartCount = ended.RestartCount + 1,
            State = ended.State with { Status = ContainerStatus.Restarting },
        };

    /// <summary>Starts it again after a while, unless its user stops or removes it meanwhile. The caller holds the lock.</summary>
    void ScheduleRestart(LiveContainer live, TimeSpan ran)
    {
        live.RestartDelay = Restarts.Delay(live.RestartDelay, ran);
        var wait = live.RestartWait = new CancellationTokenSource();
        var delay = live.RestartDelay;
        background.Run(async () =>
        {
            await Task.Delay(delay, wait.Token);
            using (await live.LockAsync(wait.Token))
            {
                if (live.Record.State.Status != ContainerStatus.Restarting)
                    return;
                try
                {
                    await LaunchAsync(live, live.Record);
                }
                catch (Exception e)
                {
                    RecordFailedStart(live, e);
                    SetStatus(live, ContainerStatus.Exited);
                    throw;
                }
            }
        });
    }

    /// <summary>Brings back what its restart policy wants with the engine's start.</summary>
    internal async Task RestoreAsync(LiveContainer live)
    {
        using (await live.LockAsync(CancellationToken.None))
        {
            if (live.RestartWait is not null)
                return;
            if (live.Record.State.Status != ContainerStatus.Restarting && !Restarts.WithEngine(live.Record))
                return;
            SetStatus(live, ContainerStatus.Restarting);
            ScheduleRestart(live, TimeSpan.Zero);
        }
    }

    /// <summary>Its user has stopped it. True if it was only waiting for its restart, which will not come.</summary>
    async Task<bool> StoppedByUserAsync(LiveContainer live, CancellationToken cancellation)
    {
        using (await live.LockAsync(cancellation))
        {
            var state = live.Record.State with { StoppedByUser = true };
            bool waits = state.Status == ContainerStatus.Restarting;
            store.Save(live, live.Record with { State = waits ? state with { Status = ContainerStatus.Exited } : state });
            if (waits)
                live.RestartWait?.Cancel();
            return waits;
        }
    }

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
                throw EngineException.Conflict($"container {live.Id} is already paused");
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
                throw EngineException.Conflict($"container {live.Id} is not paused");
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
                    $"cannot remove container \"/{live.Record.Name}\": container is {Word(live.Record.State.Status)}: "
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

    /// <summary>Changes limits, at once in a running container, and the restart policy. Returns warnings for the user.</summary>
    /// <exception cref="EngineException">InvalidParameter; Conflict: it is being removed; System: the kernel refused, nothing changed</exception>
    internal async Task<IReadOnlyList<string>> UpdateAsync(
        LiveContainer live,
        ContainerUpdate update,
        CancellationToken cancellation
    )
    {
        using (await live.LockAsync(cancellation))
        {
            var container = live.Record;
            if (container.State.Status == ContainerStatus.Dead)
                throw EngineException.Conflict("container is marked for removal and cannot be \"update\"");
            var updated = container with { Host = update.Apply(container.Host) };
            var warnings = bundles.Check(updated);
            if (container.State.IsRunning && update.ChangesLimits)
                await AskAsync<DoneAnswer>(
                    RunningTask(live),
                    new UpdateRequest(BundleBuilder.LimitsJson(updated)),
                    CancellationToken.None
                );
            store.Save(live, updated);
            events.Publish(updated, "update");
            return warnings;
        }
    }

    /// <summary>Host pids of the container's processes.</summary>
    internal IEnumerable<int> Processes(LiveContainer live) => bundles.Processes(live.Record);

    /// <summary>The signal's number by name ("KILL", "SIGKILL") or number.</summary>
    /// <exception cref="EngineException">InvalidParameter</exception>
    internal static int SignalNumber(string signal) =>
        Signals.TryParse(signal) ?? throw EngineException.Invalid($"invalid signal: {signal}");

    /// <summary>Asks the shim; what it refuses becomes the engine's error.</summary>
    internal static async Task<T> AskAsync<T>(TaskClient task, TaskRequest request, CancellationToken cancellation)
        where T : TaskAnswer
    {
        try
        {
            return await task.AskAsync<T>(request, cancellation);
        }
        catch (TaskException e)
        {
            throw new EngineException(
                e.Kind switch
                {
                    FailureKind.CommandNotFound or FailureKind.CommandNotExecutable => ErrorKind.InvalidParameter,
                    FailureKind.NotFound => ErrorKind.NotFound,
                    FailureKind.WrongState => ErrorKind.Conflict,
                    _ => ErrorKind.System,
                },
                request is StartRequest ? $"failed to create task for container: {e.Message}" : e.Message,
                e
            );
        }
    }

    static async Task ConnectAsync(IReadOnlyList<PendingAttach> waiting, TaskClient task)
    {
        foreach (var attach in waiting)
        {
            var socket = await task.AttachAsync(attach.Request, CancellationToken.None);
            if (!attach.Connected.TrySetResult(socket))
                socket.Dispose();
        }
    }

    static TaskClient RunningTask(LiveContainer live) =>
        live.Task ?? throw EngineException.Conflict($"container {live.Id} is not running");

    void SetStatus(LiveContainer live, ContainerStatus status) =>
        store.Save(live, live.Record with { State = live.Record.State with { Status = status } });

    void RecordFailedStart(LiveContainer live, Exception error)
    {
        int code = error is EngineException { InnerException: TaskException task }
            ? task.Kind switch
            {
                FailureKind.CommandNotFound => 127,
                FailureKind.CommandNotExecutable => 126,
                _ => 128,
            }
            : 128;
        store.Save(live, live.Record with { State = live.Record.State with { Error = error.Message, ExitCode = code } });
        live.StartFailed();
    }

    internal static SandboxRequest SandboxOf(Container container) =>
        new()
        {
            ContainerId = container.Id,
            ContainerName = container.Name,
            Hostname = container.Config.Hostname,
            Networks = container.Networks,
            Dns = container.Host.Dns,
            Ports = PortWishes.Of(container),
        };

    JournalEntry[] Taken(Container container) =>
        [
            // Before the directory that it is in: repair goes by this order.
            .. container.Host.IpcMode == "shareable"
                ? [new JournalEntry(container.Id, ResourceKind.Mount, layout.SharedMemory(container.Id))]
                : Array.Empty<JournalEntry>(),
            new(container.Id, ResourceKind.Directory, layout.Bundle(container.Id)),
            new(container.Id, ResourceKind.Cgroup, bundles.CgroupPath(container)),
        ];

    /// <summary>Gives back what a run takes: network, cgroup, bundle. Idempotent.</summary>
    internal async Task GiveBackAsync(Container container)
    {
        await networks.ReleaseAsync(container.Id, CancellationToken.None);
        volumes.Unmount(container.Id);
        BundleBuilder.RemoveCgroup(bundles.CgroupPath(container));
        if (container.Host.IpcMode == "shareable")
            MountApi.TryDetach(layout.SharedMemory(container.Id));
        if (Directory.Exists(layout.Bundle(container.Id)))
            Directory.Delete(layout.Bundle(container.Id), recursive: true);
        journal.Strike(Taken(container));
    }

    static async Task EndShimAsync(TaskClient task)
    {
        try
        {
            await task.AskAsync<DoneAnswer>(new ShutdownRequest(), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskException or System.Net.Sockets.SocketException)
        {
            // It has ended already: what it would have given back is given back below.
        }
    }

    /// <summary>How a container ended whose shim is gone. A process without its shim is ended: nobody can wait for it.</summary>
    internal ExitAnswer LostExit(Container container)
    {
        if (bundles.ExitRecord(container.Id) is { } record)
            return new ExitAnswer(record.Code, record.OomKilled, record.ExitedAt);
        bool alive = ProcessStat.StartTicks(container.State.Pid) == container.State.StartTicks;
        if (alive)
            BundleBuilder.RemoveCgroup(bundles.CgroupPath(container));
        return new ExitAnswer(alive ? 128 + Signals.SIGKILL : 255, false, DateTimeOffset.UtcNow);
    }

    /// <summary>Ends a container that no record knows to be running.</summary>
    internal static async Task AbandonAsync(TaskClient task)
    {
        try
        {
            await task.AskAsync<DoneAnswer>(new KillRequest(null, Signals.SIGKILL, All: true), CancellationToken.None);
            await task.AskAsync<ExitAnswer>(new WaitRequest(null), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskException or System.Net.Sockets.SocketException)
        {
            // Not started yet, or ended by itself.
        }
        await EndShimAsync(task);
    }

    static string Word(ContainerStatus status) =>
        status switch
        {
            ContainerStatus.Paused => "paused",
            ContainerStatus.Restarting => "restarting",
            _ => "running",
        };
}
