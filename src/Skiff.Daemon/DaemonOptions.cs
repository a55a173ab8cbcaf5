// What skiffd is told: flags, and daemon.json under the same names. Flags win where both may be given.
using System.CommandLine;
using System.CommandLine.Parsing;
using Skiff.Engine;
using Skiff.Engine.Containers;

namespace Skiff.Daemon;

/// <summary>The result of the command line and the configuration file together.</summary>
internal sealed record DaemonOptions
{
    internal const string DefaultConfigFile = "/etc/skiff/daemon.json";

    internal required EngineOptions Engine { get; init; }

    /// <summary>"unix:///run/skiff/skiff.sock", "tcp://127.0.0.1:2375", "fd://".</summary>
    internal required IReadOnlyList<string> Hosts { get; init; }
    internal required string PidFile { get; init; }

    /// <summary>Who may use the socket; null: skiff or docker if there is such a group, else root.</summary>
    internal string? Group { get; init; }

    /// <summary>debug, info, warn, error or fatal.</summary>
    internal string LogLevel { get; init; } = "info";
    internal bool Validate { get; init; }
    internal bool Cleanup { get; init; }
}

/// <summary>The flags of skiffd. Each that is no action is also a key of daemon.json.</summary>
internal sealed class DaemonFlags
{
    readonly Option<string[]> hosts = new("--host", "-H")
    {
        Description = "Socket to listen on: unix://PATH, tcp://127.0.0.1:PORT or fd://; repeatable",
    };
    readonly Option<string?> dataRoot = new("--data-root")
    {
        Description = "Directory of images, containers and records (default /var/lib/skiff)",
    };
    readonly Option<string?> execRoot = new("--exec-root")
    {
        Description = "Directory of sockets and bundles of this boot (default /run/skiff)",
    };
    readonly Option<string?> pidFile = new("--pidfile", "-p")
    {
        Description = "File for the daemon's pid (default EXEC-ROOT/skiffd.pid)",
    };
    readonly Option<string?> configFile = new("--config-file")
    {
        Description = $"Configuration file (default {DaemonOptions.DefaultConfigFile})",
    };
    readonly Option<string[]> mirrors = new("--registry-mirror")
    {
        Description = "Mirror of docker.io (URL) or of another registry (REGISTRY[/PATH]=URL), asked first; repeatable",
    };
    readonly Option<string[]> insecure = new("--insecure-registry")
    {
        Description = "Registry (host[:port] or CIDR) that may be asked without TLS; repeatable",
    };
    readonly Option<string?> bridge = new("--bridge", "-b")
    {
        Description = "Bridge of the default network; made and owned by this engine (default skiff0)",
    };
    readonly Option<string?> bip = new("--bip")
    {
        Description = "Address and prefix of the bridge, 172.30.0.1/16 (default: a free subnet)",
    };
    readonly Option<int?> mtu = new("--mtu") { Description = "MTU of the default network" };
    readonly Option<string[]> dns = new("--dns") { Description = "Name server for containers; repeatable (default: the host's)" };
    readonly Option<string[]> dnsSearch = new("--dns-search") { Description = "Search domain for containers; repeatable" };
    readonly Option<string[]> dnsOptions = new("--dns-opt") { Description = "Resolver option for containers; repeatable" };
    readonly Option<string?> group = new("--group", "-G") { Description = "Group that may use the unix socket" };
    readonly Option<string?> logLevel = new("--log-level", "-l")
    {
        Description = "debug, info, warn, error or fatal (default info)",
    };
    readonly Option<bool> debug = new("--debug", "-D") { Description = "The same as --log-level debug" };
    readonly Option<string?> logDriver = new("--log-driver")
    {
        Description = "How containers' output is kept: json-file, local or none (default json-file)",
    };
    readonly Option<string[]> logOptions = new("--log-opt")
    {
        Description = "Option of the log driver: max-size=SIZE, max-file=N, labels=A,B ...; repeatable",
    };
    readonly Option<string?> seccomp = new("--seccomp-profile")
    {
        Description = "Seccomp profile of containers: builtin, unconfined or a file (default builtin)",
    };
    readonly Option<bool> noNewPrivileges = new("--no-new-privileges")
    {
        Description = "Set no-new-privileges for containers unless they say otherwise",
    };
    readonly Option<string?> usernsRemap = new("--userns-remap")
    {
        Description = "Users and groups of containers: default, USER or USER:GROUP of /etc/subuid and /etc/subgid",
    };
    readonly Option<bool> init = new("--init") { Description = "Run an init in containers unless they say otherwise" };
    readonly Option<string[]> labels = new("--label") { Description = "Label of the engine, KEY=VALUE; repeatable" };
    readonly Option<int?> downloads = new("--max-concurrent-downloads")
    {
        Description = "Layers downloaded at a time per pull (default 3)",
    };
    readonly Option<int?> uploads = new("--max-concurrent-uploads")
    {
        Description = "Layers uploaded at a time per push (default 5)",
    };
    readonly Option<string?> cgroupParent = new("--cgroup-parent")
    {
        Description = "Parent cgroup of containers (default /skiff)",
    };
    readonly Option<string?> runtime = new("--runtime-path")
    {
        Description = "The skiff-runtime program (default: beside skiffd)",
    };
    readonly Option<string[]> runtimes = new("--add-runtime")
    {
        Description = "Another OCI runtime for containers, NAME=PATH; repeatable",
    };
    readonly Option<string?> defaultRuntime = new("--default-runtime")
    {
        Description = "OCI runtime of containers that ask for none (default skiff-runtime)",
    };
    readonly Option<bool> validate = new("--validate") { Description = "Check flags and configuration file, then end" };
    readonly Option<bool> cleanup = new("--cleanup")
    {
        Description = "Remove this engine's bridge and firewall rules from the kernel, then end; data stays",
    };

    internal RootCommand Command(Func<ParseResult, CancellationToken, Task<int>> run)
    {
        var command = new RootCommand(
            "skiffd: the Skiff container engine.\n\nSpeaks the Docker Engine API. Containers outlive it: it may be stopped, upgraded or killed at any time.\n\n"
                + "Example: sudo skiffd -H unix:///run/skiff/skiff.sock --registry-mirror https://mirror.example.org"
        );
        foreach (var option in All())
            command.Options.Add(option);
        foreach (var version in command.Options.OfType<VersionOption>())
            version.Aliases.Add("-v");
        command.SetAction(run);
        return command;
    }

    IEnumerable<Option> All() =>
        [
            hosts,
            dataRoot,
            execRoot,
            pidFile,
            configFile,
            mirrors,
            insecure,
            bridge,
            bip,
            mtu,
            dns,
            dnsSearch,
            dnsOptions,
            group,
            logLevel,
            debug,
            logDriver,
            logOptions,
            seccomp,
            noNewPrivileges,
            init,
            usernsRemap,
            labels,
            downloads,
            uploads,
            cgroupParent,
            runtime,
            runtimes,
            defaultRuntime,
            validate,
            cleanup,
        ];

    /// <exception cref="EngineException">InvalidParameter: a wrong value, or something said twice</exception>
    internal DaemonOptions Read(ParseResult flags)
    {
        string file = flags.GetValue(configFile) ?? DaemonOptions.DefaultConfigFile;
        var config = ConfigFile.Read(file, mustExist: flags.GetValue(configFile) is not null);
        string execRootPath = One(flags, execRoot, config.ExecRoot, "exec-root") ?? "/run/skiff";
        if (flags.GetValue(logOptions) is { Length: > 0 } && config.LogOpts is not null)
            throw Twice("log-opts");
        var log = Map(flags.GetValue(logOptions), config.LogOpts);
        string driver = One(flags, logDriver, config.LogDriver, "log-driver") ?? "json-file";
        LogSettings.Parse(driver, log);
        string[] listen = Many(flags, hosts, config.Hosts, "hosts");
        foreach (string host in listen)
            ApiServer.CheckHost(host);
        var defaults = new EngineOptions();
        if (flags.GetValue(runtimes) is { Length: > 0 } && config.Runtimes is not null)
            throw Twice("runtimes");
        var others = Checks.Runtimes(
            flags.GetValue(runtimes) ?? [],
            config.Runtimes?.ToDictionary(r => r.Key, r => r.Value.Path) ?? []
        );
        string level = One(flags, logLevel, config.LogLevel, "log-level") ?? "info";
        if (level is not ("debug" or "info" or "warn" or "error" or "fatal"))
            throw EngineException.Invalid($"invalid log-level \"{level}\": debug, info, warn, error or fatal");
        return new DaemonOptions
        {
            Hosts = listen.Length > 0 ? listen : [$"unix://{execRootPath}/skiff.sock"],
            PidFile = One(flags, pidFile, config.PidFile, "pidfile") ?? $"{execRootPath}/skiffd.pid",
            Group = One(flags, group, config.Group, "group"),
            LogLevel = Both(flags, debug, config.Debug, "debug") ? "debug" : level,
            Validate = flags.GetValue(validate),
            Cleanup = flags.GetValue(cleanup),
            Engine = new EngineOptions
            {
                DataRoot = Checks.Absolute(One(flags, dataRoot, config.DataRoot, "data-root") ?? defaults.DataRoot, "data-root"),
                ExecRoot = Checks.Absolute(execRootPath, "exec-root"),
                RuntimePath = flags.GetValue(runtime) ?? defaults.RuntimePath,
                Runtimes = others,
                DefaultRuntime = Checks.Runtime(
                    One(flags, defaultRuntime, config.DefaultRuntime, "default-runtime") ?? defaults.DefaultRuntime,
                    others
                ),
                Bridge = One(flags, bridge, config.Bridge, "bridge") ?? defaults.Bridge,
                BridgeIp = One(flags, bip, config.Bip, "bip") is { } address ? Checks.Bip(address) : null,
                Mtu = Number(flags, mtu, config.Mtu, "mtu") is { } bytes ? Checks.Mtu(bytes) : null,
                RegistryMirrors = [.. Many(flags, mirrors, config.RegistryMirrors, "registry-mirrors").Select(Checks.Mirror)],
                InsecureRegistries = Many(flags, insecure, config.InsecureRegistries, "insecure-registries"),
                MaxConcurrentDownloads = Checks.Positive(
                    Number(flags, downloads, config.MaxConcurrentDownloads, "max-concurrent-downloads")
                        ?? defaults.MaxConcurrentDownloads,
                    "max-concurrent-downloads"
                ),
                MaxConcurrentUploads = Checks.Positive(
                    Number(flags, uploads, config.MaxConcurrentUploads, "max-concurrent-uploads")
                        ?? defaults.MaxConcurrentUploads,
                    "max-concurrent-uploads"
                ),
                Dns = [.. Many(flags, dns, config.Dns, "dns").Select(Checks.Address)],
                DnsSearch = Many(flags, dnsSearch, config.DnsSearch, "dns-search"),
                DnsOptions = Many(flags, dnsOptions, config.DnsOpts, "dns-opts"),
                SeccompProfile = One(flags, seccomp, config.SeccompProfile, "seccomp-profile") is { Length: > 0 } profile
                    ? Checks.Seccomp(profile)
                    : "builtin",
                NoNewPrivileges = Both(flags, noNewPrivileges, config.NoNewPrivileges, "no-new-privileges"),
                UsernsRemap = One(flags, usernsRemap, config.UsernsRemap, "userns-remap") ?? "",
                Init = Both(flags, init, config.Init, "init"),
                Labels = [.. Many(flags, labels, config.Labels, "labels").Select(Checks.Label)],
                CgroupParent = One(flags, cgroupParent, config.CgroupParent, "cgroup-parent") ?? defaults.CgroupParent,
                LogDriver = driver,
                LogOptions = log,
            },
        };
    }

    /// <summary>As in dockerd: a thing that is said in both places is an error, not a riddle.</summary>
    static string? One(ParseResult flags, Option<string?> option, string? inFile, string key) =>
        flags.GetValue(option) is not { } flag ? inFile
        : inFile is null ? flag
        : throw EngineException.Invalid(
            $"the following directives are specified both as a flag and in the configuration file: {key}: (from flag: {flag}, from file: {inFile})"
        );

    static string[] Many(ParseResult flags, Option<string[]> option, IReadOnlyList<string>? inFile, string key)
    {
        string[] flag = flags.GetValue(option) ?? [];
        return flag.Length == 0 || inFile is null
            ? flag.Length > 0
                ? flag
                : [.. inFile ?? []]
            : throw Twice(key);
    }

    static int? Number(ParseResult flags, Option<int?> option, int? inFile, string key) =>
        flags.GetValue(option) is not { } flag ? inFile
        : inFile is null ? flag
        : throw Twice(key);

    static bool Both(ParseResult flags, Option<bool> option, bool? inFile, string key) =>
        flags.GetResult(option) is null or { Implicit: true } ? inFile == true
        : inFile is null ? flags.GetValue(option)
        : throw Twice(key);

    static EngineException Twice(string key) =>
        EngineException.Invalid($"the following directives are specified both as a flag and in the configuration file: {key}");

    static Dictionary<string, string> Map(string[]? pairs, IReadOnlyDictionary<string, string>? inFile)
    {
        var map = new Dictionary<string, string>(inFile ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (string pair in pairs ?? [])
            map[pair.Split('=')[0]] = pair.Contains('=', StringComparison.Ordinal)
                ? pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]
                : "";
        return map;
    }
}
