// The engine's host settings as Docker's HostConfig: what inspect shows can be given to create again.
using Skiff.Docker;
using Skiff.Engine.Bundles;

namespace Skiff.Daemon.Docker;

internal static class HostConfigMapping
{
    internal static HostConfig ToDocker(HostSettings host) =>
        new()
        {
            Binds = OrNull(host.Binds),
            LogConfig = new LogConfig { Type = host.LogDriver, Config = host.LogOptions },
            NetworkMode = host.NetworkMode,
            PortBindings = host
                .PortBindings.GroupBy(p => p.Port)
                .ToDictionary(
                    g => g.Key,
                    g =>
                        (IReadOnlyList<PortBinding>?)
                            [.. g.Select(p => new PortBinding { HostIp = p.HostIp, HostPort = p.HostPort })]
                ),
            PublishAllPorts = host.PublishAllPorts,
            RestartPolicy = new RestartPolicy { Name = host.Restart.Name, MaximumRetryCount = host.Restart.MaximumRetries },
            AutoRemove = host.AutoRemove,
            ConsoleSize = [host.ConsoleRows, host.ConsoleColumns],
            Annotations = host.Annotations.Count > 0 ? host.Annotations : null,
            CapAdd = OrNull([.. host.CapAdd.Select(Capability)]),
            CapDrop = OrNull([.. host.CapDrop.Select(Capability)]),
            CgroupnsMode = host.CgroupnsMode.Length > 0 ? host.CgroupnsMode : "private",
            Dns = host.Dns,
            DnsOptions = host.DnsOptions,
            DnsSearch = host.DnsSearch,
            ExtraHosts = OrNull(host.ExtraHosts),
            GroupAdd = OrNull(host.GroupAdd),
            IpcMode = host.IpcMode.Length > 0 ? host.IpcMode : "private",
            OomScoreAdj = host.OomScoreAdj,
            PidMode = host.PidMode,
            Privileged = host.Privileged,
            ReadonlyRootfs = host.ReadonlyRootfs,
            SecurityOpt = OrNull(host.SecurityOpt),
            VolumesFrom = OrNull(host.VolumesFrom),
            VolumeDriver = host.VolumeDriver,
            Tmpfs = host.Tmpfs.Count > 0 ? host.Tmpfs : null,
            UsernsMode = host.UsernsMode,
            UTSMode = host.UtsMode,
            ShmSize = host.ShmSizeBytes > 0 ? host.ShmSizeBytes : 64 << 20,
            Sysctls = host.Sysctls.Count > 0 ? host.Sysctls : null,
            Runtime = host.Runtime.Length > 0 ? host.Runtime : Engine.EngineOptions.OwnRuntime,
            Mounts = host.Mounts.Count > 0 ? [.. host.Mounts.Select(Mount)] : null,
            MaskedPaths = host.MaskedPaths ?? (host.Privileged ? null : DefaultSpec.MaskedPaths),
            ReadonlyPaths = host.ReadonlyPaths ?? (host.Privileged ? null : DefaultSpec.ReadonlyPaths),
            CpuShares = host.CpuShares,
            Memory = host.MemoryBytes,
            NanoCpus = host.NanoCpus,
            CgroupParent = host.CgroupParent ?? "",
            CpuPeriod = host.CpuPeriodMicroseconds,
            CpuQuota = host.CpuQuotaMicroseconds,
            CpusetCpus = host.CpusetCpus,
            CpusetMems = host.CpusetMems,
            Devices = [.. host.Devices.Select(d => new DeviceMapping(d.PathOnHost, d.PathInContainer, d.Access))],
            DeviceCgroupRules = OrNull(host.DeviceCgroupRules),
            MemoryReservation = host.MemoryReservationBytes,
            // As the bundle has it: as much swap as memory, where only memory was limited.
            MemorySwap = host is { MemoryBytes: > 0, MemorySwapBytes: 0 } ? 2 * host.MemoryBytes : host.MemorySwapBytes,
            OomKillDisable = host.OomKillDisable,
            MemorySwappiness = host.MemorySwappiness,
            Init = host.Init,
            CpuRealtimePeriod = host.CpuRealtimePeriodMicroseconds,
            CpuRealtimeRuntime = host.CpuRealtimeRuntimeMicroseconds,
            BlkioWeight = host.BlkioWeight,
            BlkioWeightDevice = [.. host.BlkioWeightDevices.Select(d => new WeightDevice(d.Path, d.Weight))],
            BlkioDeviceReadBps = Rates(host.BlkioReadBps),
            BlkioDeviceWriteBps = Rates(host.BlkioWriteBps),
            BlkioDeviceReadIOps = Rates(host.BlkioReadIops),
            BlkioDeviceWriteIOps = Rates(host.BlkioWriteIops),
            PidsLimit = host.PidsLimit == 0 ? null : host.PidsLimit,
            Ulimits = [.. host.Ulimits.Select(u => new UlimitBody(u.Name, u.Hard, u.Soft))],
        };

    static MountBody Mount(MountRequest mount) =>
        new()
        {
            Type = mount.Type,
            Source = mount.Source.Length > 0 ? mount.Source : null,
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            BindOptions = mount
                is { Propagation.Length: > 0 }
                    or { NonRecursive: true }
                    or { CreateSource: true }
                    or { ReadOnlyNonRecursive: true }
                    or { ReadOnlyForceRecursive: true }
                ? new BindOptions
                {
                    Propagation = mount.Propagation.Length > 0 ? mount.Propagation : null,
                    NonRecursive = mount.NonRecursive,
                    ReadOnlyNonRecursive = mount.ReadOnlyNonRecursive,
                    ReadOnlyForceRecursive = mount.ReadOnlyForceRecursive,
                    CreateMountpoint = mount.CreateSource,
                }
                : null,
            VolumeOptions = mount
                is { NoCopy: true }
                    or { Subpath.Length: > 0 }
                    or { VolumeDriver.Length: > 0 }
                    or { VolumeOptions: not null }
                    or { VolumeLabels: not null }
                ? new VolumeOptions
                {
                    NoCopy = mount.NoCopy,
                    Subpath = mount.Subpath.Length > 0 ? mount.Subpath : null,
                    Labels = mount.VolumeLabels,
                    DriverConfig =
                        mount.VolumeDriver.Length > 0 || mount.VolumeOptions is not null
                            ? new VolumeDriverConfig
                            {
                                Name = mount.VolumeDriver.Length > 0 ? mount.VolumeDriver : null,
                                Options = mount.VolumeOptions,
                            }
                            : null,
                }
                : null,
            TmpfsOptions =
                mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0
                    ? new TmpfsOptions { SizeBytes = mount.TmpfsSizeBytes, Mode = mount.TmpfsMode }
                    : null,
        };

    /// <summary>"net_admin" is CAP_NET_ADMIN.</summary>
    static string Capability(string name)
    {
        string upper = name.ToUpperInvariant();
        return upper == "ALL" || upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
    }

    static IReadOnlyList<ThrottleDevice> Rates(IReadOnlyList<DeviceRate> devices) =>
        [.. devices.Select(d => new ThrottleDevice(d.Path, d.Rate))];

    static IReadOnlyList<string>? OrNull(IReadOnlyList<string> list) => list.Count > 0 ? list : null;
}
