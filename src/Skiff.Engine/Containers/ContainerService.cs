// The verbs on containers: each reads as a recipe.
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Skiff.Engine.Bundles;
using Skiff.Engine.Events;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Linux.Mounts;
using Skiff.Oci.Names;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

/// <summary>
/// Create, start, stop, remove, attach to and watch containers. Every nameOrId takes a name, an id or an unambiguous
/// prefix; an unknown one throws NotFound "No such container: x".
/// </summary>
public sealed partial class ContainerService
{
    readonly ContainerStore store;
    readonly Lifecycle lifecycle;
    readonly Execs execs;
    readonly ImageService images;
    readonly Snapshotter snapshotter;
    readonly NetworkService networks;
    readonly VolumeService volumes;
    readonly StateLayout layout;
    readonly EngineOptions options;
    readonly ContainerEvents events;
    readonly UserIdPool userIds;

    internal ContainerService(
        ContainerStore store,
        Lifecycle lifecycle,
        Execs execs,
        ImageService images,
        Snapshotter snapshotter,
        NetworkService networks,
        VolumeService volumes,
        StateLayout layout,
        EngineOptions options,
        ContainerEvents events,
        UserIdPool userIds
    )
    {
        this.store = store;
        this.lifecycle = lifecycle;
        this.execs = execs;
        this.images = images;
        this.snapshotter = snapshotter;
        this.networks = networks;
        this.volumes = volumes;
        this.layout = layout;
        this.options = options;
        this.events = events;
        this.userIds = userIds;
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Container> List() => [.. store.All().Select(c => c.Record)];

    /// <exception cref="EngineException">NotFound, or InvalidParameter for an ambiguous prefix</exception>
    public Container Get(string nameOrId) => store.Get(nameOrId).Record;

    /// <summary>Creates; nothing runs yet. A missing image is NotFound "No such image: x". Returns warnings for the user.</summary>
    public async Task<(Container Container, IReadOnlyList<string> Warnings)> CreateAsync(
        ContainerCreate request,
        CancellationToken cancellation
    )
    {
        var image =
            images.Find(request.Image)
            ?? throw EngineException.NotFound($"No such image: {Reference.Parse(request.Image).WithDefaultTag().Familiar}");
        CheckPlatform(request, image);
        var config = ImageDefaults.Merge(request.Config, image.Config.Config);
        if (config.StopSignal is { } stop)
            Lifecycle.SignalNumber(stop);
        HealthCheck.Validate(config.Healthcheck);
        var (logDriver, logOptions) = LogSettings.Of(request.Host.LogDriver, request.Host.LogOptions, options);
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var ids = userIds.Reserve(request.Host);
        using var reservation = new Reservation(userIds, ids);
        var (mounts, claim) = ContainerMounts.Claim(request, config, store, volumes);
        using var claimed = claim;
        string name = request.Name is { Length: > 0 } given ? ValidName(given) : NameGenerator.Next(store.NameIsFree);
        var record = new Container
        {
            Id = id,
            Name = name,
            Created = DateTimeOffset.UtcNow,
            ImageName = request.Image,
            ImageId = image.Id,
            Config = config with { Hostname = Hostname(config, request.Host, id) },
            Host = request.Host with
            {
                NetworkMode = ById(request.Host.NetworkMode),
                PidMode = ById(request.Host.PidMode),
                IpcMode = ById(request.Host.IpcMode),
                LogDriver = logDriver,
                LogOptions = logOptions,
                Runtime = request.Host.Runtime.Length > 0 ? request.Host.Runtime : options.DefaultRuntime,
            },
            Networks = NetworkRequests(request),
            MountPoints = mounts,
            Ids = ids,
            LogPath = logDriver == "none" ? "" : layout.ContainerLog(id, logDriver),
        };
        // Everything about it is checked before anything is taken: the bundle of this container can be written.
        IReadOnlyList<string> warnings = [.. PortWishes.Check(record), .. lifecycle.CheckBundle(record)];

        await using var rollback = new Rollback();
        snapshotter.Prepare(id, image);
        rollback.Push(() => snapshotter.Remove(id));
        await SeedAsync(record, claim, cancellation);
        JournalEntry[] taken = [new JournalEntry(id, ResourceKind.Directory, layout.Container(id))];
        while (true)
        {
            try
            {
                store.Add(record, taken);
                break;
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Conflict && request.Name is not { Length: > 0 })
            {
                // Another creation has chosen the same name at the same moment.
                record = record with
                {
                    Name = NameGenerator.Next(store.NameIsFree),
                };
            }
        }
        rollback.Keep();
        claim.Keep();
        Directory.CreateDirectory(layout.Container(id));
        events.Publish(record, "create");
        return (record, warnings);
    }

    /// <summary>Empty volumes get what the image has at their places.</summary>
    Task SeedAsync(Container container, VolumeClaim claim, CancellationToken cancellation)
    {
        var wanting = ContainerMounts.Volumes(container).Where(m => m is { NoCopy: false, Subpath: "" }).ToList();
        if (wanting.Count == 0)
            return Task.CompletedTask;
        return Task.Run(
            () =>
            {
                var snapshot = snapshotter.Find(container.Id)!;
                using var root = Overlay.OpenDetached([.. snapshot.Lowers]);
                foreach (var mount in wanting)
                    volumes.Seed(claim.Volumes.First(v => v.Name == mount.Source), root, mount.Target, cancellation);
            },
            cancellation
        );
    }

    /// <summary>
    /// "container:NAME" with the id for the name, which may be given to another; a container that is not there is an
    /// error of start, as in Docker.
    /// </summary>
    string ById(string mode) =>
        ContainerMode.Target(mode) is { Length: > 0 } target && store.Find(target) is { } live
            ? ContainerMode.Prefix + live.Id
            : mode;

    static string Hostname(ContainerConfig config, HostSettings host, string id) =>
        config.Hostname.Length == 0
            ? host.NetworkMode == "host"
                ? Environment.MachineName
                : id[..12]
            : host.UtsMode == "host"
                ? throw EngineException.Invalid("conflicting options: hostname and the UTS mode")
                : ContainerMode.Target(host.NetworkMode) is not null
                    ? throw EngineException.Invalid("conflicting options: hostname and the network mode")
                    : config.Hostname;

    /// <exception cref="EngineException">NotModified if it runs already</exception>
    public Task StartAsync(string nameOrId, CancellationToken cancellation) =>
        lifecycle.StartAsync(store.Get(nameOrId), cancellation);

    /// <summary>Signals, waits up to the timeout (null: the container's, then 10 s; negative: for ever), kills.</summary>
    /// <exception cref="EngineException">NotModified if it does not run</exception>
    public Task StopAsync(string nameOrId, string? signal, int? timeoutSeconds, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        if (!live.Record.State.IsRunning && live.Record.State.Status != ContainerStatus.Restarting)
            throw new EngineException(ErrorKind.NotModified, $"container {nameOrId} is already stopped");
        return lifecycle.StopAsync(live, signal, timeoutSeconds, cancellation);
    }

    public async Task RestartAsync(string nameOrId, string? signal, int? timeoutSeconds, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        if (live.Record.State.IsRunning || live.Record.State.Status == ContainerStatus.Restarting)
            await lifecycle.StopAsync(live, signal, timeoutSeconds, cancellation);
        await lifecycle.StartAsync(live, cancellation);
        events.Publish(live.Record, "restart");
    }

    /// <param name="signal">"KILL", "SIGKILL" or "9"; null is KILL</param>
    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        if (!live.Record.State.IsRunning && live.Record.State.Status != ContainerStatus.Restarting)
            throw EngineException.Conflict($"cannot kill container: {nameOrId}: container {live.Id} is not running");
        int number =
            Skiff.Linux.Processes.Signals.TryParse(signal ?? "KILL")
            ?? throw EngineException.Invalid($"cannot kill container: {nameOrId}: invalid signal: {signal}");
        return lifecycle.KillByUserAsync(live, number, cancellation);
    }

    public Task PauseAsync(string nameOrId, CancellationToken cancellation) =>
        lifecycle.PauseAsync(store.Get(nameOrId), cancellation);

    public Task UnpauseAsync(string nameOrId, CancellationToken cancellation) =>
        lifecycle.UnpauseAsync(store.Get(nameOrId), cancellation);

    /// <summary>Changes limits and restart policy. Returns warnings for the user.</summary>
    public Task<IReadOnlyList<string>> UpdateAsync(string nameOrId, ContainerUpdate update, CancellationToken cancellation) =>
        lifecycle.UpdateAsync(store.Get(nameOrId), update, cancellation);

    public async Task RenameAsync(string nameOrId, string newName, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        string oldName = live.Record.Name;
        string name = ValidName(newName, "Error when allocating new name: ");
        if (name == oldName)
            throw EngineException.Invalid("Renaming a container with the same name as its current name");
        using (await live.LockAsync(cancellation))
        {
            store.Rename(live, name);
            networks.Rename(live.Id, name);
        }
        events.Publish(live.Record, "rename", ("oldName", "/" + oldName));
    }

    /// <exception cref="EngineException">Conflict if it runs and not forced</exception>
    public Task RemoveAsync(string nameOrId, bool force, bool withVolumes, CancellationToken cancellation) =>
        lifecycle.RemoveAsync(store.Get(nameOrId), force, withVolumes, cancellation);

    /// <summary>
    /// Registers the wait at once (so that the caller may flush headers after this returns) and yields the task of
    /// the exit. Conditions: not-running, next-exit, removed.
    /// </summary>
    public Task<ContainerExit> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        var exit = condition switch
        {
            WaitCondition.Removed => live.Removed,
            WaitCondition.NotRunning when !live.IsActive && live.Record.State.Status != ContainerStatus.Restarting =>
                Task.FromResult(new ContainerExit(live.Record.State.ExitCode, null)),
            _ => live.NextExit,
        };
        return exit.WaitAsync(cancellation);
    }

    public async Task ResizeAsync(string nameOrId, ushort rows, ushort columns, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        var task = live.Task ?? throw EngineException.Conflict($"container {live.Id} is not running");
        await Lifecycle.AskAsync<DoneAnswer>(task, new ResizeRequest(null, rows, columns), cancellation);
        events.Publish(live.Record, "resize", ("height", $"{rows}"), ("width", $"{columns}"));
    }

    /// <summary>
    /// Checks that the container can be attached to and says whether it has a terminal. The session's RunAsync then
    /// joins a client's stream with the process; on a created container it waits for the start and loses no byte.
    /// </summary>
    public AttachSession Attach(string nameOrId, AttachRequest request)
    {
        var live = store.Get(nameOrId);
        var container = live.Record;
        if (container.State.Status == ContainerStatus.Paused)
            throw EngineException.Conflict($"container {nameOrId} is paused, unpause the container before attach");
        DetachKeys.Parse(request.DetachKeys);
        var pending = new PendingAttach(
            new Skiff.Tasks.AttachRequest(null, request.Stdin && container.Config.OpenStdin, request.Stdout, request.Stderr)
        );
        var task = request.Stream ? live.TaskOrPending(pending) : null;
        events.Publish(container, "attach");
        return new AttachSession(
            container.Config.Tty,
            request with
            {
                Stdin = pending.Request.Stdin,
            },
            async cancellation =>
                task is null
                    ? await pending.Connected.Task.WaitAsync(cancellation)
                    : await task.AttachAsync(pending.Request, cancellation),
            request.Logs && container.LogPath.Length > 0 ? ReplayAsync : null,
            () => events.Publish(container, "detach"),
            () => live.Abandon(pending)
        );

        async Task ReplayAsync(Stream client, CancellationToken cancellation)
        {
            var wanted = new LogRequest { Stdout = request.Stdout, Stderr = request.Stderr };
            await foreach (
                var line in LogReader.ReadAsync(
                    container.LogPath,
                    container.Host.LogDriver,
                    wanted,
                    Task.CompletedTask,
                    cancellation
                )
            )
            {
                if (!container.Config.Tty)
                    await client.WriteAsync(AttachSession.FrameHeader(line.Stream, line.Text.Length), cancellation);
                await client.WriteAsync(line.Text, cancellation);
            }
            await client.FlushAsync(cancellation);
        }
    }

    /// <summary>Lines of the log, oldest first, following new ones if asked until the container stops.</summary>
    /// <exception cref="EngineException">InvalidParameter: the container keeps no log</exception>
    public IAsyncEnumerable<LogLine> LogsAsync(string nameOrId, LogRequest request, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        if (live.Record.LogPath.Length == 0)
            throw EngineException.NotImplemented("configured logging driver does not support reading");
        var ended = live.IsActive ? live.NextExit : Task.CompletedTask;
        return LogReader.ReadAsync(live.Record.LogPath, live.Record.Host.LogDriver, request, ended, cancellation);
    }

    /// <summary>The container's processes as ps shows them: titles and rows.</summary>
    /// <param name="psArguments">options for ps; null or empty: -ef</param>
    /// <exception cref="EngineException">Conflict: it does not run; InvalidParameter, System: ps refuses the options</exception>
    public (IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows) Top(string nameOrId, string? psArguments)
    {
        var live = store.Get(nameOrId);
        if (!live.Record.State.IsRunning)
            throw EngineException.Conflict($"container {live.Id} is not running");
        var pids = lifecycle.Processes(live);
        events.Publish(live.Record, "top");
        return psArguments is null or "" or "-ef" ? ProcessList.Read(pids) : HostPs.Run(psArguments, pids);
    }

    public Exec CreateExec(string nameOrId, ExecRequest request) => execs.Create(store.Get(nameOrId), request);

    /// <summary>Those that run now.</summary>
    public IReadOnlyList<string> ExecsOf(Container container) => execs.RunningIn(container.Id);

    public Exec GetExec(string execId) => execs.Get(execId);

    /// <summary>Starts an exec without a client.</summary>
    public Task StartExecAsync(string execId, CancellationToken cancellation) => execs.StartAsync(execId, cancellation);

    /// <param name="signal">as for KillAsync</param>
    public Task KillExecAsync(string execId, string? signal, CancellationToken cancellation) =>
        execs.KillAsync(execId, Lifecycle.SignalNumber(signal ?? "KILL"), cancellation);

    /// <summary>Like Attach: the session's RunAsync starts the exec and joins the client with it.</summary>
    public AttachSession AttachExec(string execId) => execs.Attach(execId);

    public Task ResizeExecAsync(string execId, ushort rows, ushort columns, CancellationToken cancellation) =>
        execs.ResizeAsync(execId, rows, columns, cancellation);

    /// <summary>A container made of an image, a running one first, or null: what keeps an image from being removed.</summary>
    public ImageUser? UserOf(Oci.Names.Digest image) =>
        store
            .All()
            .Where(c => c.Record.ImageId == image)
            .Select(c => new ImageUser(c.Record.Id, c.Record.State.IsRunning))
            .OrderByDescending(user => user.IsRunning)
            .FirstOrDefault();

    static string ValidName(string name, string context = "")
    {
        string bare = name.StartsWith('/') ? name[1..] : name;
        if (!NamePattern().IsMatch(bare))
            throw EngineException.Invalid(
                $"{context}Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
            );
        return bare;
    }

    static void CheckPlatform(ContainerCreate request, Image image)
    {
        if (request.Platform is { } wanted && (wanted.OS != image.Config.OS || wanted.Architecture != image.Config.Architecture))
            throw EngineException.NotFound(
                $"image with reference {request.Image} was found but its platform "
                    + $"({image.Config.OS}/{image.Config.Architecture}) does not match the specified platform ({wanted})"
            );
    }

    static List<EndpointRequest> NetworkRequests(ContainerCreate request)
    {
        string mode = request.Host.NetworkMode is "" or "default" ? "bridge" : request.Host.NetworkMode;
        if (mode is "host" or "none" || ContainerMode.Target(mode) is not null)
            return [];
        // A network that does not exist is an error of start, as in Docker: clients take 404 from create for a missing
        // image, and pull.
        return
        [
            (
                request.Networks.FirstOrDefault(n => n.Network == mode || (n.Network == "default" && mode == "bridge"))
                ?? new EndpointRequest { Network = mode }
            ) with
            {
                Network = mode,
            },
            .. request.Networks.Where(n => n.Network != mode && n.Network != "default"),
        ];
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+$")]
    private static partial Regex NamePattern();
}
