// What a client asks of a new container, in the engine's words; what the engine cannot do yet is refused by its flag.
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Networks;
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

internal static class CreateMapping
{
    /// <exception cref="EngineException">NotImplemented naming the flag; InvalidParameter</exception>
    internal static ContainerCreate ToEngine(ContainerCreateBody body, string? name, Platform? platform)
    {
        var host = body.HostConfig ?? new HostConfig();
        Unsupported.Check(body, host);
        if (body.Image.Length == 0)
            throw EngineException.Invalid("no image specified");
        return new ContainerCreate
        {
            Name = name,
            Image = body.Image,
            Platform = platform,
            Config = Config(body),
            Host = Host(host),
            Networks = Networks(body.NetworkingConfig),
        };
    }

    internal static ContainerConfig Config(ContainerCreateBody body) =>
        new()
        {
            Hostname = body.Hostname,
            Domainname = body.Domainname,
            User = body.User,
            AttachStdin = body.AttachStdin,
            AttachStdout = body.AttachStdout,
            AttachStderr = body.AttachStderr,
            Tty = body.Tty,
            OpenStdin = body.OpenStdin,
            StdinOnce = body.StdinOnce,
            Env = body.Env ?? [],
            Cmd = body.Cmd,
            Entrypoint = body.Entrypoint,
            WorkingDir = body.WorkingDir,
            Labels = body.Labels ?? new Dictionary<string, string>(),
            Healthcheck = body.Healthcheck,
            Volumes = [.. (body.Volumes?.Keys ?? [])],
            ExposedPorts = [.. body.ExposedPorts?.Keys ?? []],
            StopSignal = body.StopSignal is { Length: > 0 } signal ? signal : null,
            StopTimeoutSeconds = body.StopTimeout,
            Shell = body.Shell,
            OnBuild = body.OnBuild,
        };

    /// <exception cref="EngineException">NotImplemented naming the flag; InvalidParameter</exception>
    internal static ContainerUpdate Update(ContainerUpdateBody body)
    {
        Unsupported.Check(body);
        return new ContainerUpdate
        {
            Restart = body.RestartPolicy is { Name.Length: > 0 } policy
                ? RestartRule.Of(policy.Name, policy.MaximumRetryCount)
                : null,
            MemoryBytes = body.Memory,
            MemoryReservationBytes = body.MemoryReservation,
            MemorySwapBytes = body.MemorySwap,
            NanoCpus = body.NanoCpus,
            CpuShares = body.CpuShares,
            CpuQuotaMicroseconds = body.CpuQuota,
            CpuPeriodMicroseconds = body.CpuPeriod,
            CpuRealtimePeriodMicroseconds = body.CpuRealtimePeriod,
            CpuRealtimeRuntimeMicroseconds = body.CpuRealtimeRuntime,
            BlkioWeight = body.BlkioWeight,
            CpusetCpus = body.CpusetCpus,
            CpusetMems = body.CpusetMems,
            // Clients that have nothing to say of it send 0.
            PidsLimit = body.PidsLimit is null or 0 ? null : body.PidsLimit,
        };
    }

    static RestartRule Restart(HostConfig host)
    {
        var rule = RestartRule.Of(host.RestartPolicy?.Name ?? "", host.RestartPolicy?.MaximumRetryCount ?? 0);
        return host.AutoRemove && rule.Name != RestartRule.No
            ? throw EngineException.Invalid("can't create 'AutoRemove' container with restart policy")
            : rule;
    }

    static HostSettings Host(HostConfig host) =>
        new()
        {
            AutoRemove = host.AutoRemove,
            Restart = Restart(host),
            NetworkMode = host.NetworkMode is "" or "default" ? "bridge" : host.NetworkMode,
            PortBindings =
            [
                .. (host.PortBindings ?? new Dictionary<string, IReadOnlyList<PortBinding>?>()).SelectMany(p =>
                    // A port without bindings is published at any free one, as in Docker.
                    (p.Value is { Count: > 0 } bindings ? bindings : [new PortBinding()]).Select(b => new PortBindingRequest(
                        p.Key,
                        b.HostIp,
                        b.HostPort
                    ))
                ),
            ],
            PublishAllPorts = host.PublishAllPorts,
            IpcMode = host.IpcMode,
            PidMode = host.PidMode,
            UsernsMode = host.UsernsMode,
            UtsMode = host.UTSMode,
            CgroupnsMode = host.CgroupnsMode,
            CgroupParent = host.CgroupParent.Length > 0 ? host.CgroupParent : null,
            Runtime = host.Runtime ?? "",
            Init = host.Init,
            Privileged = host.Privileged,
            ReadonlyRootfs = host.ReadonlyRootfs,
            CapAdd = host.CapAdd ?? [],
            CapDrop = host.CapDrop ?? [],
            SecurityOpt = host.SecurityOpt ?? [],
            GroupAdd = host.GroupAdd ?? [],
            OomScoreAdj = host.OomScoreAdj,
            Sysctls = host.Sysctls ?? new Dictionary<string, string>(),
            Ulimits = [.. (host.Ulimits ?? []).Select(u => new Ulimit(u.Name, u.Soft, u.Hard))],
            MaskedPaths = host.MaskedPaths,
            ReadonlyPaths = host.ReadonlyPaths,
            Binds = host.Binds ?? [],
            Mounts = [.. (host.Mounts ?? []).Select(Mount)],
            VolumesFrom = host.VolumesFrom ?? [],
            VolumeDriver = host.VolumeDriver,
            Tmpfs = host.Tmpfs ?? new Dictionary<string, string>(),
            ShmSizeBytes = host.ShmSize,
            Devices = [.. (host.Devices ?? []).Select(Device)],
            DeviceCgroupRules = host.DeviceCgroupRules ?? [],
            Dns = host.Dns ?? [],
            DnsSearch = host.DnsSearch ?? [],
            DnsOptions = host.DnsOptions ?? [],
            ExtraHosts = host.ExtraHosts ?? [],
            MemoryBytes = host.Memory,
            MemoryReservationBytes = host.MemoryReservation,
            MemorySwapBytes = host.MemorySwap,
            OomKillDisable = host.OomKillDisable ?? false,
            MemorySwappiness = host.MemorySwappiness is -1 ? null : host.MemorySwappiness,
            NanoCpus = host.NanoCpus,
            CpuRealtimePeriodMicroseconds = host.CpuRealtimePeriod,
            CpuRealtimeRuntimeMicroseconds = host.CpuRealtimeRuntime,
            BlkioWeight = host.BlkioWeight,
            BlkioWeightDevices = [.. (host.BlkioWeightDevice ?? []).Select(d => new DeviceWeight(d.Path, d.Weight))],
            BlkioReadBps = Rates(host.BlkioDeviceReadBps),
            BlkioWriteBps = Rates(host.BlkioDeviceWriteBps),
            BlkioReadIops = Rates(host.BlkioDeviceReadIOps),
            BlkioWriteIops = Rates(host.BlkioDeviceWriteIOps),
            CpuShares = host.CpuShares,
            CpuQuotaMicroseconds = host.CpuQuota,
            CpuPeriodMicroseconds = host.CpuPeriod,
            CpusetCpus = host.CpusetCpus,
            CpusetMems = host.CpusetMems,
            PidsLimit = host.PidsLimit ?? 0,
            LogDriver = host.LogConfig?.Type ?? "",
            LogOptions = host.LogConfig?.Config ?? new Dictionary<string, string>(),
            ConsoleRows = (ushort)(host.ConsoleSize is [var rows, _] ? rows : 0),
            ConsoleColumns = (ushort)(host.ConsoleSize is [_, var columns] ? columns : 0),
            Annotations = host.Annotations ?? new Dictionary<string, string>(),
        };

    static IReadOnlyList<DeviceRate> Rates(IReadOnlyList<ThrottleDevice>? devices) =>
        [.. (devices ?? []).Select(d => new DeviceRate(d.Path, d.Rate))];

    static DeviceRequest Device(DeviceMapping device) =>
        new(
            device.PathOnHost,
            device.PathInContainer is { Length: > 0 } inside ? inside : device.PathOnHost,
            device.CgroupPermissions is { Length: > 0 } access ? access : "rwm"
        );

    static MountRequest Mount(MountBody mount)
    {
        if (mount.ImageOptions is not null || mount.ClusterOptions is not null)
            throw EngineException.NotImplemented($"--mount type={mount.Type} is not supported yet by this release of Skiff");
        if (mount.TmpfsOptions is { Options.Count: > 0 })
            throw EngineException.NotImplemented("--mount tmpfs-options is not supported yet by this release of Skiff");
        return new MountRequest
        {
            Type = mount.Type is { Length: > 0 } type ? type : "volume",
            Source = mount.Source ?? "",
            Target = mount.Target is { Length: > 0 } target
                ? target
                : throw EngineException.Invalid(
                    $"invalid mount config for type \"{mount.Type}\": field Target must not be empty"
                ),
            ReadOnly = mount.ReadOnly,
            Propagation = mount.BindOptions?.Propagation ?? "",
            NonRecursive = mount.BindOptions?.NonRecursive ?? false,
            ReadOnlyNonRecursive = mount.BindOptions?.ReadOnlyNonRecursive ?? false,
            ReadOnlyForceRecursive = mount.BindOptions?.ReadOnlyForceRecursive ?? false,
            CreateSource = mount.BindOptions?.CreateMountpoint ?? false,
            NoCopy = mount.VolumeOptions?.NoCopy ?? false,
            Subpath = mount.VolumeOptions?.Subpath ?? "",
            VolumeDriver = mount.VolumeOptions?.DriverConfig?.Name ?? "",
            VolumeOptions = mount.VolumeOptions?.DriverConfig?.Options,
            VolumeLabels = mount.VolumeOptions?.Labels,
            TmpfsSizeBytes = mount.TmpfsOptions?.SizeBytes ?? 0,
            TmpfsMode = mount.TmpfsOptions?.Mode ?? 0,
        };
    }

    static List<EndpointRequest> Networks(NetworkingConfig? networking) =>
        [.. (networking?.EndpointsConfig ?? new Dictionary<string, EndpointSettings?>()).Select(e => Endpoint(e.Key, e.Value))];

    internal static EndpointRequest Endpoint(string network, EndpointSettings? settings) =>
        new()
        {
            Network = network,
            Aliases = settings?.Aliases ?? [],
            IPv4Address = settings?.IPAMConfig?.IPv4Address is { Length: > 0 } fixedAddress ? fixedAddress : null,
            MacAddress = settings?.MacAddress is { Length: > 0 } mac ? mac : null,
            GatewayPriority = settings?.GwPriority ?? 0,
        };
}
