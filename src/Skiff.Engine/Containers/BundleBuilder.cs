// From a container's record to its bundle on disk: resolves what only the host knows, then writes config.json.
using System.Text.Json;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Mounts;
using Skiff.Oci.Runtime;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class BundleBuilder(
    EngineOptions options,
    StateLayout layout,
    HostFacts facts,
    string seccompProfile,
    EtcFiles etc,
    UserLookup users,
    VolumeService volumes
)
{
    /// <summary>The network namespace as the shim sees it: TaskClient hands it over as descriptor 4.</summary>
    const string SandboxPath = "/proc/self/fd/4";

    static readonly ResolvedUser AnyUser = new(0, 0, [], "/");

    /// <summary>Writes the bundle to nowhere: every setting that cannot be expressed is an error now. Returns warnings for the user.</summary>
    internal IReadOnlyList<string> Check(Container container)
    {
        var warnings = HostSettingsValidator.Validate(container.Host, facts);
        foreach (var bind in container.MountPoints.Where(m => m is { Type: "bind", CreateSource: false }))
            if (!Path.Exists(bind.Source))
                throw EngineException.Invalid(
                    $"invalid mount config for type \"bind\": bind source path does not exist: {bind.Source}"
                );
        LogSettings.Parse(container.Host.LogDriver, container.Host.LogOptions);
        if (RuntimePath(container.Host) is not null && (container.Host.Init ?? options.Init))
            throw EngineException.NotImplemented(
                $"--init is not supported with another runtime: \"{container.Host.Runtime}\" knows nothing of it"
            );
        if (RuntimePath(container.Host) is not null && container.MountPoints.Any(m => m.Subpath.Length > 0))
            throw EngineException.NotImplemented(
                $"volume-subpath is not supported with another runtime: \"{container.Host.Runtime}\" knows nothing of it"
            );
        if (RuntimePath(container.Host) is not null && container.Ids is not null)
            throw EngineException.NotImplemented(
                $"--userns is not supported with another runtime: use --userns=host with \"{container.Host.Runtime}\""
            );
        var root = new SpecMount { Destination = "/" };
        BundleWriter.Write(Request(container, root, AnyUser, hasSandbox: container.Host.NetworkMode != "host", joined: null));
        return warnings;
    }

    /// <summary>Writes config.json, task.json and the files for /etc. Returns the init process: execs start from it.</summary>
    internal SpecProcess Write(
        Container container,
        Snapshot snapshot,
        IReadOnlyList<Endpoint> endpoints,
        bool hasSandbox,
        JoinedNamespaces joined,
        IReadOnlyList<BoundMount>? more = null
    )
    {
        string bundle = layout.Bundle(container.Id);
        Directory.CreateDirectory(Path.Combine(bundle, "rootfs"));
        if (container.Host.IpcMode == "shareable")
            ShareMemory(container);
        if (joined.NetworkOwner is null)
            etc.Write(container, endpoints);
        foreach (var bind in container.MountPoints.Where(m => m is { Type: "bind", CreateSource: true }))
            if (!Path.Exists(bind.Source))
                Directory.CreateDirectory(bind.Source);

        var user = users.Resolve(container, snapshot);
        var spec = BundleWriter.Write(Request(container, snapshot.Mount, user, hasSandbox, joined, more));
        WriteJson(Path.Combine(bundle, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, RuntimeJson.Default.Spec));
        var log = LogSettings.Parse(container.Host.LogDriver, container.Host.LogOptions);
        var task = new TaskOptions
        {
            Id = container.Id,
            RuntimePath = RuntimePath(container.Host),
            OpenStdin = container.Config.OpenStdin,
            StdinOnce = container.Config.StdinOnce,
            LogPath = container.LogPath.Length > 0 ? container.LogPath : null,
            LogFormat = log.Driver,
            LogMaxSizeBytes = log.MaxSizeBytes,
            LogMaxFiles = log.MaxFiles,
            LogAttributes = LogSettings.AttributesOf(container) is { } attributes
                ? JsonSerializer.Serialize(attributes, ContainerJson.Default.DictionaryStringString)
                : null,
        };
        WriteJson(Path.Combine(bundle, "task.json"), JsonSerializer.SerializeToUtf8Bytes(task, TaskJson.Default.TaskOptions));
        return spec.Process!;
    }

    /// <summary>On the host, where other containers' bundles can name it. The lifecycle has it in the journal.</summary>
    void ShareMemory(Container container)
    {
        string place = layout.SharedMemory(container.Id);
        Directory.CreateDirectory(place);
        using var memory = MountApi.Make(
            "tmpfs",
            "shm",
            DefaultSpec.SharedMemoryOptions(container.Host),
            MountFlags.NoSuid | MountFlags.NoDevices | MountFlags.NoExec
        );
        MountApi.Attach(memory, place);
    }

    /// <summary>The program that launches the container in the shim's stead; null if the shim does it itself.</summary>
    /// <exception cref="EngineException">InvalidParameter: no runtime of that name</exception>
    string? RuntimePath(HostSettings host) =>
        host.Runtime is "" or EngineOptions.OwnRuntime ? null
        : options.Runtimes.TryGetValue(host.Runtime, out string? path) ? path
        : throw EngineException.Invalid($"unknown or invalid runtime name: {host.Runtime}");

    /// <summary>The process of an exec: the container's own, with what was asked put over it.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such user</exception>
    internal SpecProcess ExecProcess(LiveContainer live, ExecRequest request)
    {
        var container = live.Record;
        var init = live.Process ??= ReadProcess(container.Id);
        var user = users.ResolveRunning(container, request.User.Length > 0 ? request.User : container.Config.User);
        var capabilities = CapabilityList.Resolve(
            request.Privileged ? new HostSettings { Privileged = true } : container.Host,
            facts.Capabilities
        );
        return init with
        {
            Terminal = request.Tty,
            ConsoleSize = request is { Tty: true, ConsoleRows: > 0 }
                ? new ConsoleSize { Height = request.ConsoleRows, Width = request.ConsoleColumns }
                : null,
            User = BundleWriter.User(user),
            Args = request.Cmd,
            Env = BundleWriter.Environment(
                ImageDefaults.MergeEnvironment(container.Config.Env, request.Env),
                container.Config.Hostname,
                request.Tty,
                user.Home
            ),
            Cwd = request.WorkingDir.Length > 0 ? request.WorkingDir : init.Cwd,
            Capabilities = CapabilityList.Sets(capabilities, user.Uid),
            ApparmorProfile = request.Privileged ? null : init.ApparmorProfile,
        };
    }

    /// <summary>Who the container's process runs as, or would.</summary>
    internal ResolvedUser UserOf(Container container, Snapshot snapshot) =>
        container.State.IsRunning ? users.ResolveRunning(container, container.Config.User) : users.Resolve(container, snapshot);

    /// <summary>What Docker calls the container's AppArmorProfile.</summary>
    internal string AppArmorProfile(Container container) => BundleWriter.AppArmorProfileOf(container.Host, facts);

    /// <summary>How the container of a shim that is gone ended, if the shim lived to write it.</summary>
    internal ExitRecord? ExitRecord(string id)
    {
        string path = Path.Combine(layout.Bundle(id), "exit.json");
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TaskJson.Default.ExitRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal string CgroupPath(Container container) =>
        BundleWriter.CgroupsPath(options.CgroupParent, container.Host, container.Id);

    /// <summary>Host pids of the container's processes.</summary>
    internal IReadOnlyList<int> Processes(Container container) => CgroupOf(CgroupPath(container)).Processes();

    /// <summary>The limits of a container as a runtime-spec resources object.</summary>
    internal static string LimitsJson(Container container) =>
        JsonSerializer.Serialize(Resources.Limits(container.Host), RuntimeJson.Default.LinuxResources);

    /// <summary>Kills what is left in a container's cgroup and removes it. Idempotent.</summary>
    internal static void RemoveCgroup(string path)
    {
        var cgroup = CgroupOf(path);
        cgroup.Signal(Skiff.Linux.Processes.Signals.SIGKILL);
        cgroup.Remove();
    }

    static Cgroup CgroupOf(string path) => new(CgroupHierarchy.Detect(), path);

    BundleRequest Request(
        Container container,
        SpecMount root,
        ResolvedUser user,
        bool hasSandbox,
        JoinedNamespaces? joined,
        IReadOnlyList<BoundMount>? more = null
    ) =>
        new()
        {
            Id = container.Id,
            Config = container.Config,
            Host = container.Host,
            Root = root,
            Mounts = [.. ContainerMounts.Bound(container, volumes), .. more ?? []],
            RootPath = Path.Combine(layout.Bundle(container.Id), "rootfs"),
            User = user,
            NetworkNamespacePath = joined?.NetworkPath ?? (hasSandbox ? SandboxPath : null),
            PidNamespacePath = joined?.PidPath,
            IpcNamespacePath = joined?.IpcPath,
            SharedMemoryPath =
                joined?.IpcOwner is { } owner ? layout.SharedMemory(owner)
                : container.Host.IpcMode == "shareable" ? layout.SharedMemory(container.Id)
                : null,
            EtcFiles = etc.Paths(joined?.NetworkOwner ?? container.Id),
            Init = options.Init,
            Ids = container.Ids,
            BlockIO = BlockDevices.Resolve(container.Host),
            Facts = facts,
            SeccompProfile = seccompProfile,
            NoNewPrivileges = options.NoNewPrivileges,
            CgroupParent = options.CgroupParent,
            Devices = HostDevices.Resolve(container.Host),
        };

    SpecProcess ReadProcess(string id) =>
        JsonSerializer
            .Deserialize(File.ReadAllBytes(Path.Combine(layout.Bundle(id), "config.json")), RuntimeJson.Default.Spec)
            ?.Process
        ?? throw new EngineException(ErrorKind.DataLoss, $"the bundle of container {id} has no process");

    // Of this boot only, so not synced: after a power loss there is nothing to adopt.
    static void WriteJson(string path, byte[] json) => File.WriteAllBytes(path, json);
}
