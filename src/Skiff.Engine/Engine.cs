// The fuse box: every service is constructed here, by hand.
using Skiff.Engine.Build;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Events;
using Skiff.Engine.Host;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Linux.Files;

namespace Skiff.Engine;

/// <summary>One engine on one data root. Opened by skiffd, used by its doors.</summary>
public sealed class Engine : IAsyncDisposable
{
    readonly FileLock dataRootLock;
    readonly Database database;
    readonly EngineTasks background;
    readonly BundleBuilder bundles;
    readonly OomMonitor memory;
    readonly UserIdPool userIds;
    readonly List<string> notices = [];

    Engine(EngineOptions options, FileLock dataRootLock, Database database, Action<Exception> report)
    {
        this.dataRootLock = dataRootLock;
        this.database = database;
        background = new EngineTasks(report);
        Options = options;
        Layout = new StateLayout(options.DataRoot, options.ExecRoot);
        Id = database.EngineId();
        var journal = new Journal(database);

        Images = new ImageService(options, Layout, database, Events);
        Networks = new NetworkService(options, database, journal, Events, background);
        Volumes = new VolumeService(Layout, database, journal, Events);
        var store = new ContainerStore(database);
        Volumes.UsedBy = volume =>
            [.. store.All().Where(c => ContainerMounts.Volumes(c.Record).Any(m => m.Source == volume)).Select(c => c.Id)];
        var events = new ContainerEvents(Events);
        var etcFiles = new EtcFiles(Layout, Networks);
        bundles = new BundleBuilder(
            options,
            Layout,
            HostFacts.Read() with
            {
                AppArmorProfile = AppArmor.Load(options.ExecRoot, notices.Add),
            },
            SeccompText(options),
            etcFiles,
            new UserLookup(),
            Volumes
        );
        var execs = new Execs(store.Find, bundles, events, background);
        var health = new HealthMonitor(store, bundles, events, background);
        memory = new OomMonitor(store, bundles.CgroupPath, events, background);
        var lifecycle = new Lifecycle(
            options,
            Layout,
            journal,
            store,
            Images.Snapshots,
            Networks,
            Volumes,
            bundles,
            execs,
            health,
            memory,
            events,
            background
        );
        health.Act = lifecycle.ActAsync;
        userIds = new UserIdPool(store, UsersOf(options), new UserIdLeases(options.UserRanges, options.DataRoot));
        Containers = new ContainerService(
            store,
            lifecycle,
            execs,
            Images,
            Images.Snapshots,
            Networks,
            Volumes,
            Layout,
            options,
            events,
            userIds
        );
        Builds = new BuildService(
            options,
            Layout,
            database,
            Images,
            new StepSandbox(options, Layout, journal, Networks, bundles, background),
            Events
        );
        Connections = new NetworkConnections(store, Networks, etcFiles);
        Files = new ContainerFiles(store, lifecycle, Images, Volumes, bundles, events);
        Stats = new StatsService(store, bundles.CgroupPath, background);
        Recovery = new Recovery(Layout, journal, store, lifecycle, Networks, Volumes);
    }

    public EngineOptions Options { get; }
    public EventBus Events { get; } = new();
    public ImageService Images { get; }
    public NetworkService Networks { get; }
    public VolumeService Volumes { get; }
    public ContainerService Containers { get; }
    public BuildService Builds { get; }
    public NetworkConnections Connections { get; }
    public ContainerFiles Files { get; }
    public StatsService Stats { get; }

    /// <summary>Names this engine among others; as long as its data root.</summary>
    public string Id { get; }

    /// <summary>Where a container's hosts, hostname, resolv.conf and log are.</summary>
    public string DirectoryOf(string containerId) => Layout.Container(containerId);

    /// <summary>What the user should know of how this engine came up.</summary>
    public IEnumerable<string> Notices => notices.Concat(Networks.Notices);

    /// <summary>The AppArmor profile that a container runs under: "" on a machine without, "unconfined", or its name.</summary>
    public string AppArmorProfileOf(Container container) => bundles.AppArmorProfile(container);

    /// <summary>A container's root, or null if it is gone.</summary>
    public Snapshot? SnapshotOf(string containerId) => Images.Snapshots.Find(containerId);

    static Bundles.UserIds? UsersOf(EngineOptions options) =>
        options.UsernsRemap.Length == 0
            ? null
            : SubordinateIds.Find(options.UsernsRemap, TextOf("/etc/subuid"), TextOf("/etc/subgid"));

    static string TextOf(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    internal StateLayout Layout { get; }
    Recovery Recovery { get; }

    /// <summary>Locks the data root, repairs what a crash left, adopts running containers, makes the default network.</summary>
    /// <param name="report">told of failures in background work</param>
    /// <exception cref="EngineException">Conflict: another engine holds the data root</exception>
    public static async Task<Engine> OpenAsync(EngineOptions options, Action<Exception> report, CancellationToken cancellation)
    {
        var layout = new StateLayout(options.DataRoot, options.ExecRoot);
        foreach (string directory in (string[])[layout.DataRoot, layout.ExecRoot, layout.Volumes, layout.Scratch])
            Directory.CreateDirectory(
                directory,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherExecute
            );
        var held =
            FileLock.TryTake(layout.Lock)
            ?? throw EngineException.Conflict(
                $"the data root {layout.DataRoot} is in use by another skiffd: stop it, or give this one its own --data-root"
            );
        try
        {
            var engine = new Engine(options, held, new Database(layout.Database), report);
            await engine.Images.RepairAsync(cancellation);
            engine.Volumes.Repair();
            await engine.Networks.OpenAsync(cancellation);
            engine.userIds.Claim();
            await engine.Recovery.RunAsync(cancellation);
            return engine;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Leaves running containers running; the next engine on this data root takes them over.</summary>
    public async ValueTask DisposeAsync()
    {
        memory.Dispose();
        await background.DisposeAsync();
        await Networks.DisposeAsync();
        await Images.DisposeAsync();
        database.Dispose();
        dataRootLock.Dispose();
    }

    static string SeccompText(EngineOptions options) =>
        options.SeccompProfile is "builtin" or "unconfined" ? options.SeccompProfile : File.ReadAllText(options.SeccompProfile);
}
