// From the flags of run and create to the body of POST /containers/create.
using Skiff.Docker;
using Skiff.Linux.Terminals;
using Skiff.Oci.Images;
using Skiff.Oci.Runtime;

namespace Skiff.Cli.Options;

internal sealed partial class ContainerOptions
{
    /// <summary>What create is sent.</summary>
    /// <param name="detached">run -d: nothing is attached</param>
    /// <exception cref="FormatException">flags that contradict each other, or a value that makes no sense</exception>
    public ContainerCreateBody ToBody(string image, IReadOnlyList<string> command, bool detached)
    {
        if (detached && attach.Values.Count > 0)
            throw new CliException("conflicting options: cannot specify both --attach and --detach") { Plain = true };
        if (AutoRemove && restart.Value is not ("" or "no"))
            throw new FormatException("conflicting options: cannot specify both --restart and --rm");
        if (Pull.Value is not ("always" or "missing" or "never"))
            throw new FormatException(
                $"invalid pull option: '{Pull.Value}': must be one of \"always\", \"missing\" or \"never\""
            );
        if (pidsLimit.IsSet && pidsLimit.Value < -1)
            throw new FormatException("--pids-limit must be -1 or above");
        bool attachStdin = !detached && (attach.Values.Count == 0 ? interactive : attach.Values.Contains("stdin"));
        var ports = PortOption.Parse(publish.Values, expose.Values);
        var (binds, volumes) = VolumeOption.Split(volume.Values);
        return new ContainerCreateBody
        {
            Hostname = hostname,
            Domainname = domainname,
            User = user,
            AttachStdin = attachStdin,
            AttachStdout = !detached && (attach.Values.Count == 0 || attach.Values.Contains("stdout")),
            AttachStderr = !detached && (attach.Values.Count == 0 || attach.Values.Contains("stderr")),
            ExposedPorts = ports.Exposed.Count == 0 ? null : ports.Exposed,
            Tty = tty,
            OpenStdin = interactive,
            StdinOnce = interactive && attachStdin,
            Env = Lines(envFile.Values, env.Values, environment: true),
            Cmd = command.Count == 0 ? null : command,
            Healthcheck = Healthcheck(),
            Image = image,
            Volumes = volumes,
            WorkingDir = workdir,
            Entrypoint = entrypoint.IsSet ? [entrypoint.Value] : null,
            Labels = Values.Map(Lines(labelFile.Values, label.Values, environment: false) ?? []) ?? [],
            StopSignal = stopSignal.Given,
            StopTimeout = stopTimeout.IsSet ? checked((int)stopTimeout.Value) : null,
            HostConfig = HostConfig(ports.Bindings, binds),
            NetworkingConfig = new NetworkingConfig { EndpointsConfig = Endpoints() },
        };
    }

    HostConfig HostConfig(Dictionary<string, IReadOnlyList<PortBinding>?> bindings, List<string> binds)
    {
        var security = SecurityOption.Parse(securityOpt.Values);
        return new HostConfig
        {
            Binds = NullIfEmpty(binds),
            ContainerIDFile = CidFile,
            LogConfig =
                logDriver.Value == "none" && logOpt.Values.Count > 0
                    ? throw new FormatException("invalid logging opts for driver none")
                    : new LogConfig { Type = logDriver, Config = Values.Map(logOpt.Values) ?? [] },
            NetworkMode = network.Values.Count == 0 ? "default" : NetworkOption.Parse(network.Values[0]).Name,
            PortBindings = bindings,
            RestartPolicy = RestartOption.Parse(restart),
            AutoRemove = AutoRemove,
            VolumeDriver = volumeDriver,
            VolumesFrom = NullIfEmpty(volumesFrom.Values),
            ConsoleSize = tty && Termios.GetWindowSize(1) is { } size ? [size.Rows, size.Columns] : [0, 0],
            Annotations = Annotations(),
            CapAdd = NullIfEmpty(capAdd.Values),
            CapDrop = NullIfEmpty(capDrop.Values),
            CgroupnsMode = cgroupns,
            Dns = dns.Values,
            DnsOptions = dnsOption.Values,
            DnsSearch = dnsSearch.Values,
            ExtraHosts = NullIfEmpty([.. addHost.Values.Select(NetworkOption.ExtraHost)]),
            GroupAdd = NullIfEmpty(groupAdd.Values),
            IpcMode = ipc,
            Links = NullIfEmpty(link.Values),
            OomScoreAdj = checked((int)oomScoreAdj.Value),
            PidMode = pid,
            Privileged = privileged,
            PublishAllPorts = publishAll,
            ReadonlyRootfs = readOnly,
            SecurityOpt = NullIfEmpty(security.Options),
            StorageOpt = Values.Map(storageOpt.Values),
            Tmpfs = Tmpfs(),
            UTSMode = uts,
            UsernsMode = userns,
            ShmSize = shmSize.Value,
            Sysctls = Values.Map(sysctl.Values),
            Runtime = runtime.Given,
            Isolation = isolation,
            CpuShares = cpuShares.Value,
            Memory = memory.Value,
            NanoCpus = cpus.Value,
            CgroupParent = cgroupParent,
            BlkioWeight = (ushort)blkioWeight.Value,
            BlkioWeightDevice = [.. blkioWeightDevice.Values.Select(DeviceOption.Weight)],
            BlkioDeviceReadBps = [.. deviceReadBps.Values.Select(DeviceOption.Rate)],
            BlkioDeviceWriteBps = [.. deviceWriteBps.Values.Select(DeviceOption.Rate)],
            BlkioDeviceReadIOps = [.. deviceReadIops.Values.Select(DeviceOption.Count)],
            BlkioDeviceWriteIOps = [.. deviceWriteIops.Values.Select(DeviceOption.Count)],
            CpuPeriod = cpuPeriod.Value,
            CpuQuota = cpuQuota.Value,
            CpuRealtimePeriod = cpuRtPeriod.Value,
            CpuRealtimeRuntime = cpuRtRuntime.Value,
            CpusetCpus = cpusetCpus,
            CpusetMems = cpusetMems,
            Devices = [.. device.Values.Where(d => !DeviceOption.IsCdi(d)).Select(DeviceOption.Mapping)],
            DeviceCgroupRules = NullIfEmpty(deviceCgroupRule.Values),
            DeviceRequests = NullIfEmpty(DeviceOption.Requests(gpus.Values, device.Values)),
            KernelMemory = kernelMemory.Value,
            MemoryReservation = memoryReservation.Value,
            MemorySwap = memorySwap.Value,
            MemorySwappiness = memorySwappiness.Value,
            OomKillDisable = oomKillDisable.Value,
            PidsLimit = pidsLimit.Value,
            Ulimits = [.. ulimit.Values.Select(DeviceOption.Ulimit)],
            CpuCount = cpuCount.Value,
            CpuPercent = cpuPercent.Value,
            IOMaximumIOps = (ulong)ioMaxIops.Value,
            IOMaximumBandwidth = (ulong)ioMaxBandwidth.Value,
            Mounts = NullIfEmpty([.. mount.Values.Select(MountOption.Parse)]),
            MaskedPaths = security.SystemPathsUnconfined ? [] : null,
            ReadonlyPaths = security.SystemPathsUnconfined ? [] : null,
            Init = init.IsSet ? init.Value : null,
        };
    }

    /// <summary>Docker has no place for clocks: they travel as an annotation.</summary>
    Dictionary<string, string>? Annotations()
    {
        var annotations = Values.Map(annotation.Values);
        if (timeOffset.Values.Count > 0)
            (annotations ??= [])[SpecExtensions.TimeOffsets] = string.Join(',', timeOffset.Values);
        return annotations;
    }

    Dictionary<string, EndpointSettings?> Endpoints()
    {
        var wishes = network.Values.Select(NetworkOption.Parse).ToList();
        bool ownSettings =
            networkAlias.Values.Count > 0 || linkLocalIp.Values.Count > 0 || ip.IsSet || ip6.IsSet || macAddress.IsSet;
        if (wishes.Count == 0 && ownSettings)
            wishes.Add(new NetworkOption("default"));
        if (wishes.Count > 0 && ownSettings)
            wishes[0] = wishes[0].With(networkAlias.Values, linkLocalIp.Values, ip.Given, ip6.Given, macAddress.Given);
        var endpoints = new Dictionary<string, EndpointSettings?>();
        foreach (var wish in wishes)
        {
            // A lone network without settings is said by NetworkMode alone.
            if (wishes.Count == 1 && wish.IsPlain)
                break;
            if (wishes.Count > 1 && wish.IsNamespace)
                throw new FormatException(
                    "conflicting options: cannot attach both user-defined and non-user-defined network-modes"
                );
            if (!endpoints.TryAdd(wish.Name, wish.ToEndpoint()))
                throw new FormatException($"network \"{wish.Name}\" is specified multiple times");
        }
        return endpoints;
    }

    ImageHealthcheck? Healthcheck()
    {
        bool wanted =
            healthCmd.IsSet
            || healthInterval.IsSet
            || healthTimeout.IsSet
            || healthStartPeriod.IsSet
            || healthStartInterval.IsSet
            || healthRetries.IsSet;
        if (noHealthcheck)
            return wanted
                ? throw new FormatException("--no-healthcheck conflicts with --health-* options")
                : new ImageHealthcheck { Test = ["NONE"] };
        if (!wanted)
            return null;
        if (healthRetries.Value < 0)
            throw new FormatException("--health-retries cannot be negative");
        return new ImageHealthcheck
        {
            Test = healthCmd.IsSet ? ["CMD-SHELL", healthCmd.Value] : null,
            Interval = healthInterval.IsSet ? healthInterval.Value : null,
            Timeout = healthTimeout.IsSet ? healthTimeout.Value : null,
            StartPeriod = healthStartPeriod.IsSet ? healthStartPeriod.Value : null,
            StartInterval = healthStartInterval.IsSet ? healthStartInterval.Value : null,
            Retries = healthRetries.IsSet ? checked((int)healthRetries.Value) : null,
        };
    }

    Dictionary<string, string>? Tmpfs()
    {
        if (tmpfs.Values.Count == 0)
            return null;
        var map = new Dictionary<string, string>();
        foreach (string text in tmpfs.Values)
        {
            int colon = text.IndexOf(':');
            map[colon < 0 ? text : text[..colon]] = colon < 0 ? "" : text[(colon + 1)..];
        }
        return map;
    }

    // Files first, so that single flags win.
    static List<string>? Lines(IReadOnlyList<string> files, IReadOnlyList<string> given, bool environment)
    {
        List<string> lines = [.. files.SelectMany(f => Values.FromFile(f, environment)), .. given];
        return lines.Count == 0 ? null : lines;
    }

    static IReadOnlyList<T>? NullIfEmpty<T>(IReadOnlyList<T> list) => list.Count == 0 ? null : list;
}
