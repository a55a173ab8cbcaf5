// Further processes in running containers: made, started, joined with clients, remembered until their container goes.
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skiff.Linux.Processes;
using Skiff.Oci.Runtime;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class Execs(
    Func<string, LiveContainer?> find,
    BundleBuilder bundles,
    ContainerEvents events,
    EngineTasks background
)
{
    /// <summary>Label of a container: "kill" ends an exec whose client is gone; else it goes on, as in Docker.</summary>
    const string DisconnectLabel = "skiff.exec-on-disconnect";

    /// <summary>Ended execs a container keeps for those who still ask for their exit code.</summary>
    const int MaxEndedPerContainer = 512;

    readonly ConcurrentDictionary<string, Exec> execs = new(StringComparer.Ordinal);

    /// <summary>Of running execs: completes when the exit code is recorded.</summary>
    readonly ConcurrentDictionary<string, Task> endings = new(StringComparer.Ordinal);

    /// <exception cref="EngineException">Conflict: the container does not run</exception>
    internal Exec Create(LiveContainer live, ExecRequest request)
    {
        CheckRunning(live);
        if (request.Cmd.Count == 0)
            throw EngineException.Invalid("No exec command specified");
        if (request.DetachKeys is { Length: > 0 } keys)
            DetachKeys.Parse(keys);
        if (request.User.Length > 0)
            bundles.ExecProcess(live, request); // there may be no such user
        var exec = new Exec
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
            ContainerId = live.Id,
            Request = request,
        };
        execs[exec.Id] = exec;
        Forget(live.Id, MaxEndedPerContainer);
        events.Publish(live.Record, Action("exec_create", request.Cmd), ("execID", exec.Id));
        return exec;
    }

    /// <exception cref="EngineException">NotFound</exception>
    internal Exec Get(string id) =>
        execs.TryGetValue(id, out var exec) ? exec : throw EngineException.NotFound($"No such exec instance: {id}");

    internal IReadOnlyList<string> RunningIn(string containerId) =>
        [.. execs.Values.Where(e => e.ContainerId == containerId && e.Running).Select(e => e.Id)];

    internal async Task StartAsync(string id, CancellationToken cancellation)
    {
        var (exec, live) = Startable(id);
        await LaunchAsync(exec, live, cancellation);
    }

    /// <summary>A session whose run starts the exec. A failure to start is told to the client in its output.</summary>
    internal AttachSession Attach(string id)
    {
        var (exec, live) = Startable(id);
        var request = exec.Request;
        return new AttachSession(
            request.Tty,
            new AttachRequest(
                request.AttachStdin,
                request.AttachStdout,
                request.AttachStderr,
                Logs: false,
                Stream: true,
                request.DetachKeys
            ),
            async cancellation =>
            {
                var task = CheckRunning(live);
                var socket = await task.AttachAsync(
                    new Skiff.Tasks.AttachRequest(exec.Id, request.AttachStdin, request.AttachStdout, request.AttachStderr),
                    cancellation
                );
                try
                {
                    await LaunchAsync(exec, live, cancellation);
                    return socket;
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
            replay: null,
            detached: () => events.Publish(live.Record, "exec_detach", ("execID", exec.Id)),
            abandon: () => { }
        )
        {
            ReportFailure = true,
            // Clients ask for the exit code as soon as the stream ends.
            Settled = () => endings.GetValueOrDefault(exec.Id, Task.CompletedTask),
            Lost = () =>
                live.Record.Config.Labels.GetValueOrDefault(DisconnectLabel) == "kill"
                    ? KillAsync(exec.Id, Signals.SIGKILL, CancellationToken.None)
                    : Task.CompletedTask,
        };
    }

    internal Task ResizeAsync(string id, ushort rows, ushort columns, CancellationToken cancellation)
    {
        var exec = Get(id);
        var task = find(exec.ContainerId)?.Task ?? throw EngineException.Conflict($"exec {id} is not running");
        return Lifecycle.AskAsync<DoneAnswer>(task, new ResizeRequest(exec.Id, rows, columns), cancellation);
    }

    /// <summary>Signals the process of an exec; one that has just ended is no error.</summary>
    /// <exception cref="EngineException">NotFound; Conflict: it does not run</exception>
    internal async Task KillAsync(string id, int signal, CancellationToken cancellation)
    {
        var exec = Get(id);
        if (!exec.Running || find(exec.ContainerId)?.Task is not { } task)
            throw EngineException.Conflict($"exec {id} is not running");
        try
        {
            await Lifecycle.AskAsync<DoneAnswer>(task, new KillRequest(id, signal, All: false), cancellation);
        }
        catch (Exception e) when (e is EngineException { Kind: ErrorKind.NotFound or ErrorKind.Conflict } or IOException)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>Its processes died with it.</summary>
    internal void ContainerEnded(string containerId)
    {
        foreach (var exec in execs.Values.Where(e => e.ContainerId == containerId && e.Running))
            execs[exec.Id] = exec with { Running = false, ExitCode = exec.ExitCode ?? 137, EndedAt = DateTimeOffset.UtcNow };
    }

    internal void ContainerRemoved(string containerId) => Forget(containerId, 0);

    (Exec, LiveContainer) Startable(string id)
    {
        var exec = Get(id);
        if (exec.Running || exec.ExitCode is not null)
            throw EngineException.Conflict($"exec {id} has already run");
        var live = find(exec.ContainerId) ?? throw EngineException.NotFound($"No such container: {exec.ContainerId}");
        CheckRunning(live);
        return (exec, live);
    }

    async Task LaunchAsync(Exec exec, LiveContainer live, CancellationToken cancellation)
    {
        var task = CheckRunning(live);
        if (!execs.TryUpdate(exec.Id, exec with { Running = true }, exec))
            throw EngineException.Conflict($"exec {exec.Id} has already run");
        try
        {
            var process = bundles.ExecProcess(live, exec.Request);
            var started = await Lifecycle.AskAsync<StartedAnswer>(
                task,
                new Skiff.Tasks.ExecRequest(
                    exec.Id,
                    JsonSerializer.Serialize(process, RuntimeJson.Default.SpecProcess),
                    exec.Request.AttachStdin
                ),
                cancellation
            );
            execs[exec.Id] = exec with { Running = true, Pid = started.Pid };
            events.Publish(live.Record, Action("exec_start", exec.Request.Cmd), ("execID", exec.Id));
        }
        catch (Exception e)
        {
            bool missing =
                e is EngineException { InnerException: TaskException { Kind: FailureKind.CommandNotFound } }
                || e.Message.EndsWith("no such file or directory", StringComparison.Ordinal);
            int code = missing ? 127 : 126;
            execs[exec.Id] = exec with { ExitCode = code, EndedAt = DateTimeOffset.UtcNow };
            throw;
        }
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        endings[exec.Id] = ended.Task;
        background.Run(async () =>
        {
            await WatchAsync(exec.Id, live, task);
            endings.TryRemove(exec.Id, out _);
            ended.SetResult();
        });
    }

    async Task WatchAsync(string id, LiveContainer live, TaskClient task)
    {
        int code;
        try
        {
            code = (await task.AskAsync<ExitAnswer>(new WaitRequest(id), CancellationToken.None)).Code;
        }
        catch (Exception e) when (e is IOException or TaskException or SocketException)
        {
            code = 137; // the shim ended with its container
        }
        if (execs.TryGetValue(id, out var exec))
            execs[id] = exec with { Running = false, ExitCode = code, EndedAt = DateTimeOffset.UtcNow };
        events.Publish(live.Record, "exec_die", ("execID", id), ("exitCode", $"{code}"));
    }

    void Forget(string containerId, int keep)
    {
        var ended = execs
            .Values.Where(e => e.ContainerId == containerId && (keep == 0 || e.EndedAt is not null))
            .OrderBy(e => e.EndedAt)
            .ToList();
        foreach (var exec in ended.Take(ended.Count - keep))
            execs.TryRemove(exec.Id, out _);
    }

    static TaskClient CheckRunning(LiveContainer live)
    {
        if (live.Record.State.Status == ContainerStatus.Paused)
            throw EngineException.Conflict($"Container {live.Record.Name} is paused, unpause the container before exec");
        if (live.Record.State.Status == ContainerStatus.Restarting)
            throw EngineException.Conflict($"Container {live.Record.Name} is restarting, wait until the container is running");
        return live.Record.State.IsRunning && live.Task is { } task
            ? task
            : throw EngineException.Conflict($"container {live.Id} is not running");
    }

    /// <summary>"exec_create: sh -c ls". Clients split it after the program, so the space is there without arguments too.</summary>
    static string Action(string verb, IReadOnlyList<string> command) =>
        $"{verb}: {command[0]} {string.Join(' ', command.Skip(1))}";
}
