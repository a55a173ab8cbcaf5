// The flags that describe a container: those of run and create. All go to the engine, which refuses what it lacks.
namespace Skiff.Cli.Options;

internal sealed partial class ContainerOptions
{
    readonly FlagSet flags;

    // What runs.
    readonly ListFlag attach,
        env,
        envFile,
        label,
        labelFile,
        groupAdd;
    readonly BoolFlag tty,
        interactive,
        noHealthcheck,
        init;
    readonly StringFlag entrypoint,
        workdir,
        user,
        hostname,
        domainname,
        stopSignal,
        healthCmd;
    readonly IntegerFlag stopTimeout,
        healthRetries;
    readonly ValueFlag<long> healthInterval,
        healthTimeout,
        healthStartPeriod,
        healthStartInterval;

    // How it is isolated.
    readonly StringFlag pid,
        ipc,
        uts,
        userns,
        cgroupns,
        cgroupParent,
        isolation,
        runtime;
    readonly ListFlag capAdd,
        capDrop,
        securityOpt,
        device,
        deviceCgroupRule,
        sysctl,
        ulimit,
        annotation,
        timeOffset,
        gpus;
    readonly BoolFlag privileged,
        readOnly;

    // What it may use.
    readonly ValueFlag<long> memory,
        memorySwap,
        memoryReservation,
        kernelMemory,
        shmSize,
        cpus,
        ioMaxBandwidth;
    readonly IntegerFlag memorySwappiness,
        cpuShares,
        cpuPeriod,
        cpuQuota,
        cpuRtPeriod,
        cpuRtRuntime,
        cpuCount,
        cpuPercent;
    readonly IntegerFlag pidsLimit,
        oomScoreAdj,
        blkioWeight,
        ioMaxIops;
    readonly StringFlag cpusetCpus,
        cpusetMems;
    readonly BoolFlag oomKillDisable;
    readonly ListFlag blkioWeightDevice,
        deviceReadBps,
        deviceWriteBps,
        deviceReadIops,
        deviceWriteIops;

    // Files.
    readonly ListFlag volume,
        mount,
        tmpfs,
        volumesFrom,
        storageOpt;
    readonly StringFlag volumeDriver;

    // Network.
    readonly ListFlag network,
        networkAlias,
        publish,
        expose,
        dns,
        dnsOption,
        dnsSearch,
        addHost,
        link,
        linkLocalIp;
    readonly BoolFlag publishAll;
    readonly StringFlag ip,
        ip6,
        macAddress;

    // Its life.
    readonly StringFlag restart,
        logDriver;
    readonly ListFlag logOpt;

    public BoolFlag AutoRemove { get; }
    public StringFlag CidFile { get; }
    public StringFlag Name { get; }
    public StringFlag Platform { get; }
    public StringFlag Pull { get; }
    public BoolFlag Quiet { get; }
    public bool Tty => tty;

    public ContainerOptions(FlagSet flags)
    {
        this.flags = flags;
        addHost = Checked(
            "add-host",
            "Add a line to /etc/hosts (host:ip, or host:host-gateway)",
            "list",
            NetworkOption.ExtraHost
        );
        timeOffset = flags.List(
            "time-offset",
            "Give it clocks of its own (boottime=86400, monotonic=-3.5: seconds)",
            kind: "map"
        );
        annotation = flags.List("annotation", "Add an annotation, passed to the runtime (key=value)", kind: "map");
        attach = flags.Add(
            new ListFlag("attach", 'a', "list", "Attach to stdin, stdout or stderr")
            {
                Check = stream =>
                    stream.ToLowerInvariant() is "stdin" or "stdout" or "stderr"
                        ? stream.ToLowerInvariant()
                        : throw new FormatException("valid streams are STDIN, STDOUT and STDERR"),
            }
        );
        blkioWeight = flags.Add(
            new IntegerFlag("blkio-weight", '\0', "Relative share of disk I/O, 10 to 1000; 0 is none", kind: "uint16")
            {
                Min = 0,
                Max = ushort.MaxValue,
            }
        );
        blkioWeightDevice = Checked(
            "blkio-weight-device",
            "Relative share of a device's I/O (path:weight)",
            "list",
            DeviceOption.Weight
        );
        capAdd = flags.List("cap-add", "Add a capability");
        capDrop = flags.List("cap-drop", "Drop a capability");
        cgroupParent = flags.String("cgroup-parent", "Parent cgroup of the container's");
        cgroupns = flags.String("cgroupns", "Cgroup namespace: private or host");
        CidFile = flags.String("cidfile", "Write the container's id to this file");
        cpuCount = flags.Integer("cpu-count", "Number of CPUs (Windows containers)");
        cpuPercent = flags.Integer("cpu-percent", "Percent of CPU (Windows containers)");
        cpuPeriod = flags.Integer("cpu-period", "Period of the CPU quota, in microseconds");
        cpuQuota = flags.Integer("cpu-quota", "CPU time per period, in microseconds");
        cpuRtPeriod = flags.Integer("cpu-rt-period", "Period of real-time CPU, in microseconds");
        cpuRtRuntime = flags.Integer("cpu-rt-runtime", "Real-time CPU per period, in microseconds");
        cpuShares = flags.Integer("cpu-shares", "Relative share of CPU time", 'c');
        cpus = Value("cpus", "Number of CPUs, such as 1.5", "decimal", Values.NanoCpus);
        cpusetCpus = flags.String("cpuset-cpus", "CPUs to run on (0-3, or 0,1)");
        cpusetMems = flags.String("cpuset-mems", "Memory nodes to use (0-3, or 0,1)");
        device = Checked("device", "Give access to a device of the host (/dev/a[:/dev/b][:rwm])", "list", DeviceOption.Check);
        deviceCgroupRule = flags.List("device-cgroup-rule", "Add a rule for devices (c 1:3 rwm)");
        deviceReadBps = Checked(
            "device-read-bps",
            "Limit reading from a device, in bytes a second (path:10mb)",
            "list",
            DeviceOption.Rate
        );
        deviceReadIops = Checked(
            "device-read-iops",
            "Limit reads from a device a second (path:1000)",
            "list",
            DeviceOption.Count
        );
        deviceWriteBps = Checked(
            "device-write-bps",
            "Limit writing to a device, in bytes a second (path:10mb)",
            "list",
            DeviceOption.Rate
        );
        deviceWriteIops = Checked(
            "device-write-iops",
            "Limit writes to a device a second (path:1000)",
            "list",
            DeviceOption.Count
        );
        flags.Add(
            new StringFlag("disable-content-trust", '\0', "", "")
            {
                Hidden = true,
                Bare = "true",
                Check = Values.NoContentTrust,
            }
        );
        dns = Checked("dns", "Address of a name server", "list", NetworkOption.NameServer);
        dnsOption = flags.List("dns-option", "Option of the resolver");
        dnsSearch = flags.List("dns-search", "Domain to search names in");
        domainname = flags.String("domainname", "NIS domain name");
        entrypoint = flags.String("entrypoint", "Run this instead of the image's entrypoint");
        env = flags.Add(
            new ListFlag("env", 'e', "list", "Set an environment variable (A=b, or A for its value here)")
            {
                Check = Values.Environment,
            }
        );
        envFile = flags.List("env-file", "Set environment variables from a file");
        expose = flags.List("expose", "Make a port or range of ports known, without publishing it");
        gpus = Checked("gpus", "GPUs to give to the container (all, a number, or device=...)", "gpu-request", DeviceOption.Gpu);
        groupAdd = flags.List("group-add", "Add a supplementary group");
        healthCmd = flags.String("health-cmd", "Command that says whether the container is well");
        healthInterval = Value("health-interval", "Time between two checks (30s, 1m)", "duration", Values.Duration);
        healthRetries = flags.Integer("health-retries", "Failures in a row after which it is unhealthy");
        healthStartInterval = Value(
            "health-start-interval",
            "Time between two checks while it starts",
            "duration",
            Values.Duration
        );
        healthStartPeriod = Value(
            "health-start-period",
            "Time to start, during which failures do not count",
            "duration",
            Values.Duration
        );
        healthTimeout = Value("health-timeout", "Time after which a check has failed", "duration", Values.Duration);
        hostname = flags.String("hostname", "Host name of the container", 'h');
        init = flags.Bool("init", "Run an init that reaps zombies and forwards signals");
        interactive = flags.Bool("interactive", "Keep stdin open", 'i');
        ioMaxBandwidth = Value(
            "io-maxbandwidth",
            "Limit I/O of the system drive (Windows containers)",
            "bytes",
            text => Values.Bytes(text)
        );
        ioMaxIops = flags.Add(
            new IntegerFlag("io-maxiops", '\0', "Limit I/O operations of the system drive (Windows containers)", kind: "uint")
            {
                Min = 0,
            }
        );
        ip = flags.String("ip", "IPv4 address, on a network of your own");
        ip6 = flags.String("ip6", "IPv6 address, on a network of your own");
        ipc = flags.String("ipc", "IPC namespace: private, shareable, host, none or container:NAME");
        isolation = flags.String("isolation", "Isolation technology (Windows containers)");
        kernelMemory = Value(
            "kernel-memory",
            "Limit of kernel memory (no longer supported by kernels)",
            "bytes",
            text => Values.Bytes(text)
        );
        label = flags.List("label", "Attach a label (key=value)", 'l');
        labelFile = flags.List("label-file", "Attach labels from a file");
        link = flags.List("link", "Make another container's name known (name:alias)");
        linkLocalIp = flags.List("link-local-ip", "Link-local address");
        logDriver = flags.String("log-driver", "How output is kept (json-file, local, none)");
        logOpt = flags.List("log-opt", "Option of the log driver (max-size=10m)");
        macAddress = flags.String("mac-address", "MAC address (92:d0:c6:0a:29:33)");
        memory = Value("memory", "Limit of memory (512m, 2g)", "bytes", text => Values.Bytes(text), 'm');
        memoryReservation = Value(
            "memory-reservation",
            "Memory kept when the host is short of it",
            "bytes",
            text => Values.Bytes(text)
        );
        memorySwap = Value(
            "memory-swap",
            "Limit of memory and swap together; -1 is unlimited swap",
            "bytes",
            text => Values.Bytes(text, allowUnlimited: true)
        );
        memorySwappiness = flags.Integer("memory-swappiness", "Readiness to swap, 0 to 100", initially: -1);
        mount = Checked(
            "mount",
            "Mount a directory, volume, tmpfs or image (type=bind,src=/a,dst=/b)",
            "mount",
            MountOption.Parse
        );
        Name = flags.String("name", "Name of the container");
        network = Checked(
            "network",
            "Connect to a network: a name, bridge, host, none or container:NAME",
            "network",
            NetworkOption.Parse
        );
        networkAlias = flags.List("network-alias", "Further name of the container on the network");
        noHealthcheck = flags.Bool("no-healthcheck", "Run no check even if the image has one");
        oomKillDisable = flags.Bool("oom-kill-disable", "Let processes wait for memory instead of killing them");
        oomScoreAdj = flags.Integer("oom-score-adj", "How soon the kernel kills it when memory is short (-1000 to 1000)");
        pid = flags.String("pid", "PID namespace: host or container:NAME");
        pidsLimit = flags.Integer("pids-limit", "Limit of processes; -1 is unlimited");
        Platform = flags.String("platform", "Platform of the image (linux/amd64)");
        privileged = flags.Bool("privileged", "Give all capabilities and devices");
        publish = flags.List("publish", "Publish a port on the host (8080:80, 127.0.0.1:53:53/udp)", 'p');
        publishAll = flags.Bool("publish-all", "Publish all exposed ports on free ports of the host", 'P');
        Pull = flags.String("pull", "Pull the image: always, missing or never", initially: "missing");
        Quiet = flags.Bool("quiet", "Do not show the progress of a pull", 'q');
        readOnly = flags.Bool("read-only", "Let nothing be written to the container's root");
        restart = flags.String("restart", "When to start again: no, on-failure[:n], always, unless-stopped", initially: "no");
        AutoRemove = flags.Bool("rm", "Remove the container when it has ended");
        runtime = flags.String("runtime", "Runtime to use");
        securityOpt = flags.List("security-opt", "no-new-privileges, seccomp=FILE, seccomp=unconfined ...");
        shmSize = Value("shm-size", "Size of /dev/shm", "bytes", text => Values.Bytes(text));
        stopSignal = flags.String("stop-signal", "Signal that stops the container");
        stopTimeout = flags.Integer("stop-timeout", "Seconds from that signal to a kill");
        storageOpt = flags.List("storage-opt", "Option of the storage driver");
        sysctl = Checked(
            "sysctl",
            "Set a kernel parameter of its namespaces (net.core.somaxconn=1024)",
            "map",
            DeviceOption.Sysctl
        );
        tmpfs = flags.List("tmpfs", "Mount a tmpfs (/run:size=64m)");
        tty = flags.Bool("tty", "Give it a terminal", 't');
        ulimit = Checked("ulimit", "Set a resource limit (nofile=1024:2048)", "ulimit", DeviceOption.Ulimit);
        user = flags.String("user", "User and group (name|uid[:group|gid])", 'u');
        userns = flags.String("userns", "User namespace: host, or auto for users of its own");
        uts = flags.String("uts", "UTS namespace: host");
        volume = flags.List("volume", "Mount a directory or volume (/a:/b[:ro])", 'v');
        volumeDriver = flags.String("volume-driver", "Driver of its volumes");
        volumesFrom = flags.List("volumes-from", "Mount what another container mounts");
        workdir = flags.String("workdir", "Directory to run in", 'w');
    }

    ValueFlag<long> Value(string name, string help, string kind, Func<string, long> parse, char letter = '\0') =>
        flags.Add(new ValueFlag<long>(name, letter, kind, help, parse));

    // A wrong value is said with the flag it was given to; what it means is worked out when all are known.
    ListFlag Checked<T>(string name, string help, string kind, Func<string, T> parse) =>
        flags.Add(
            new ListFlag(name, '\0', kind, help)
            {
                Check = text =>
                {
                    parse(text);
                    return text;
                },
            }
        );
}
