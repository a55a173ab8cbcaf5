// How a container's process begins and ends: start, exit, update.
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed partial class Lifecycle(
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
}
