// How a container runs on this host: isolation, limits, storage, network.
namespace Skiff.Engine.Bundles;

/// <summary>How it runs on this host: isolation, limits, storage, network.</summary>
public sealed record HostSettings
{
    public bool AutoRemove { get; init; }
    public RestartRule Restart { get; init; } = new();

    /// <summary>"bridge", "host", "none", "container:ID" or the name of a network.</summary>
    public string NetworkMode { get; init; } = "bridge";

    /// <summary>Ports at addresses of the host.</summary>
    public IReadOnlyList<PortBindingRequest> PortBindings { get; init; } = [];

    /// <summary>Publishes what is exposed and not bound, at ports that are free.</summary>
    public bool PublishAllPorts { get; init; }

    /// <summary>"", "private", "host", "shareable", "none" or "container:ID".</summary>
    public string IpcMode { get; init; } = "";

    /// <summary>"", "host" or "container:ID".</summary>
    public string PidMode { get; init; } = "";

    /// <summary>"" (the engine's --userns-remap), "host" or "auto".</summary>
    public string UsernsMode { get; init; } = "";

    /// <summary>"" or "host".</summary>
    public string UtsMode { get; init; } = "";

    /// <summary>"", "private" or "host".</summary>
    public string CgroupnsMode { get; init; } = "";
    public string? CgroupParent { get; init; }

    /// <summary>Name of the OCI runtime; "" is the engine's default.</summary>
    public string Runtime { get; init; } = "";
    public bool Privileged { get; init; }
    public bool ReadonlyRootfs { get; init; }
    public bool? Init { get; init; }
    public IReadOnlyList<string> CapAdd { get; init; } = [];
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>"no-new-privileges", "seccomp=unconfined", "seccomp={...profile...}", "systempaths=unconfined" ...</summary>
    public IReadOnlyList<string> SecurityOpt { get; init; } = [];
    public IReadOnlyList<string> GroupAdd { get; init; } = [];
    public int OomScoreAdj { get; init; }
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<Ulimit> Ulimits { get; init; } = [];

    /// <summary>null keeps Docker's default masks; empty masks nothing.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>"source:destination[:options]"; a source that is no absolute path is the name of a volume.</summary>
    public IReadOnlyList<string> Binds { get; init; } = [];
    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>"container[:ro]": mounts what another container mounts.</summary>
    public IReadOnlyList<string> VolumesFrom { get; init; } = [];

    /// <summary>Of volumes that are made for this container; "" is "local".</summary>
    public string VolumeDriver { get; init; } = "";

    /// <summary>Destination -> options.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = new Dictionary<string, string>();

    /// <summary>Bytes; 0 is the default of 64 MiB.</summary>
    public long ShmSizeBytes { get; init; }
    public IReadOnlyList<DeviceRequest> Devices { get; init; } = [];
    public IReadOnlyList<string> DeviceCgroupRules { get; init; } = [];
    public IReadOnlyList<string> Dns { get; init; } = [];
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>"host:address".</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    // Limits. 0 is "not limited" throughout; bytes, microseconds.
    public long MemoryBytes { get; init; }
    public long MemoryReservationBytes { get; init; }

    /// <summary>Memory and swap together; -1 unlimited.</summary>
    public long MemorySwapBytes { get; init; }
    public bool OomKillDisable { get; init; }

    /// <summary>0 to 100; null: the kernel's. Only cgroup v1 has it.</summary>
    public long? MemorySwappiness { get; init; }
    public long NanoCpus { get; init; }
    public long CpuShares { get; init; }
    public long CpuQuotaMicroseconds { get; init; }
    public long CpuPeriodMicroseconds { get; init; }
    public long CpuRealtimePeriodMicroseconds { get; init; }
    public long CpuRealtimeRuntimeMicroseconds { get; init; }
    public string CpusetCpus { get; init; } = "";
    public string CpusetMems { get; init; } = "";

    /// <summary>10 to 1000, of all block devices; 0 is none.</summary>
    public ushort BlkioWeight { get; init; }
    public IReadOnlyList<DeviceWeight> BlkioWeightDevices { get; init; } = [];
    public IReadOnlyList<DeviceRate> BlkioReadBps { get; init; } = [];
    public IReadOnlyList<DeviceRate> BlkioWriteBps { get; init; } = [];
    public IReadOnlyList<DeviceRate> BlkioReadIops { get; init; } = [];
    public IReadOnlyList<DeviceRate> BlkioWriteIops { get; init; } = [];

    /// <summary>0 or -1: not limited.</summary>
    public long PidsLimit { get; init; }

    /// <summary>"json-file", "local" or "none"; empty: the engine's.</summary>
    public string LogDriver { get; init; } = "json-file";

    /// <summary>Of the log driver: max-size, max-file, labels and others.</summary>
    public IReadOnlyDictionary<string, string> LogOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Rows and columns of the client's terminal at create; 0 unknown.</summary>
    public ushort ConsoleRows { get; init; }
    public ushort ConsoleColumns { get; init; }
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <param name="Port">of the container, "80/tcp"</param>
/// <param name="HostIp">"" is the network's default</param>
/// <param name="HostPort">"8080", "8000-8010" (the first that is free), or "" (any)</param>
public sealed record PortBindingRequest(string Port, string HostIp, string HostPort);

public sealed record Ulimit(string Name, long Soft, long Hard);

/// <param name="PathOnHost">a device node, "/dev/fuse"</param>
/// <param name="Access">letters of rwm</param>
public sealed record DeviceRequest(string PathOnHost, string PathInContainer, string Access);

/// <param name="Path">of a block device of the host</param>
/// <param name="Weight">10 to 1000</param>
public sealed record DeviceWeight(string Path, ushort Weight);

/// <param name="Path">of a block device of the host</param>
/// <param name="Rate">bytes or operations per second</param>
public sealed record DeviceRate(string Path, ulong Rate);

/// <summary>One --mount, or what stands for one. Type is "bind", "volume" or "tmpfs".</summary>
public sealed record MountRequest
{
    public required string Type { get; init; }

    /// <summary>A path of the host, or the name of a volume; "" is a volume without a name.</summary>
    public string Source { get; init; } = "";
    public required string Target { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>"", "rprivate", "rshared", "rslave", "private", "shared", "slave".</summary>
    public string Propagation { get; init; } = "";

    /// <summary>bind-recursive=disabled: without what is mounted below the source.</summary>
    public bool NonRecursive { get; init; }

    /// <summary>bind-recursive=writable: what is mounted below a read-only source stays writable.</summary>
    public bool ReadOnlyNonRecursive { get; init; }

    /// <summary>bind-recursive=readonly: an error where the kernel cannot make all of it read-only.</summary>
    public bool ReadOnlyForceRecursive { get; init; }
    public bool CreateSource { get; init; }

    /// <summary>The third part of -v as it was written.</summary>
    public string Mode { get; init; } = "";

    /// <summary>A volume that is empty stays so: nothing of the image is copied into it.</summary>
    public bool NoCopy { get; init; }

    /// <summary>A directory or file of the volume instead of all of it; relative.</summary>
    public string Subpath { get; init; } = "";

    /// <summary>Of a volume that is made for this mount.</summary>
    public string VolumeDriver { get; init; } = "";
    public IReadOnlyDictionary<string, string>? VolumeOptions { get; init; }
    public IReadOnlyDictionary<string, string>? VolumeLabels { get; init; }
    public long TmpfsSizeBytes { get; init; }

    /// <summary>Permission bits; 0 is the default 1777.</summary>
    public uint TmpfsMode { get; init; }
}

/// <summary>When a container that has ended starts again.</summary>
/// <param name="MaximumRetries">of on-failure; 0: without end</param>
public sealed record RestartRule(string Name = RestartRule.No, int MaximumRetries = 0)
{
    public const string No = "no";
    public const string Always = "always";
    public const string OnFailure = "on-failure";
    public const string UnlessStopped = "unless-stopped";

    /// <summary>Docker's checks and texts; "" is "no".</summary>
    /// <exception cref="EngineException">InvalidParameter</exception>
    public static RestartRule Of(string name, int maximumRetries)
    {
        if (name is not ("" or No or Always or OnFailure or UnlessStopped))
            throw EngineException.Invalid(
                $"invalid restart policy: unknown policy '{name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
            );
        if (maximumRetries != 0 && name != OnFailure)
            throw EngineException.Invalid(
                "invalid restart policy: maximum retry count can only be used with 'on-failure'"
                    + (maximumRetries < 0 ? " and cannot be negative" : "")
            );
        if (maximumRetries < 0)
            throw EngineException.Invalid("invalid restart policy: maximum retry count cannot be negative");
        return new RestartRule(name.Length == 0 ? No : name, maximumRetries);
    }
}
