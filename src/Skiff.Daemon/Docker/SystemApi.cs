// Engine API, section System: ping, version, info, events, auth.
using System.Text.Json;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Containers;
using Skiff.Engine.Events;
using Skiff.Engine.Host;
using Skiff.Engine.Images;

namespace Skiff.Daemon.Docker;

internal sealed class SystemApi(Engine.Engine engine, ServerInfo server)
{
    /// <summary>Filters of events by what they happened to; each is a type of object too.</summary>
    static readonly string[] ObjectFilters =
    [
        "config",
        "container",
        "daemon",
        "image",
        "network",
        "node",
        "plugin",
        "secret",
        "service",
        "volume",
    ];

    internal IEnumerable<Route> Routes() =>
        [
            new("GET", "_ping", PingAsync),
            new("HEAD", "_ping", PingAsync),
            new("GET", "version", VersionAsync),
            new("GET", "info", InfoAsync),
            new("GET", "events", EventsAsync),
            new("GET", "system/df", DiskUsageAsync),
            new("POST", "system/check", CheckAsync),
            new("POST", "auth", AuthAsync),
        ];

    static async Task PingAsync(ApiRequest request)
    {
        var response = request.Http.Response;
        response.Headers["Builder-Version"] = "1";
        response.Headers["Swarm"] = "inactive";
        response.Headers["Cache-Control"] = "no-cache, no-store, must-revalidate";
        response.Headers["Pragma"] = "no-cache";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = 2;
        if (request.Http.Request.Method == "GET")
            await response.Body.WriteAsync("OK"u8.ToArray());
    }

    Task VersionAsync(ApiRequest request)
    {
        var host = HostInfo.Read();
        string architecture = EngineOptions.HostPlatform.Architecture;
        return request.AnswerAsync(
            new VersionBody
            {
                Platform = new VersionPlatform("Skiff"),
                Version = server.Version,
                ApiVersion = ApiVersion.Max.ToString(),
                MinAPIVersion = ApiVersion.Min.ToString(),
                GitCommit = server.Commit,
                GoVersion = "none (.NET " + Environment.Version + ")",
                Os = "linux",
                Arch = architecture,
                KernelVersion = host.KernelVersion,
                Components =
                [
                    new VersionComponent(
                        "Engine",
                        server.Version,
                        new Dictionary<string, string>
                        {
                            ["ApiVersion"] = ApiVersion.Max.ToString(),
                            ["Arch"] = architecture,
                            ["GitCommit"] = server.Commit,
                            ["GoVersion"] = "none (.NET " + Environment.Version + ")",
                            ["KernelVersion"] = host.KernelVersion,
                            ["MinAPIVersion"] = ApiVersion.Min.ToString(),
                            ["Os"] = "linux",
                        }
                    ),
                    new VersionComponent(
                        "skiff-runtime",
                        server.Version,
                        new Dictionary<string, string> { ["GitCommit"] = server.Commit }
                    ),
                ],
            },
            DockerJson.Wire.VersionBody
        );
    }

    Task InfoAsync(ApiRequest request)
    {
        var host = HostInfo.Read();
        var containers = engine.Containers.List();
        var options = engine.Options;
        var index = new RegistryIndexConfig([.. Mirrors(options)], "docker.io", true, true);
        return request.AnswerAsync(
            new InfoBody
            {
                ID = engine.Id,
                Containers = containers.Count,
                ContainersRunning = containers.Count(c => c.State.Status == ContainerStatus.Running),
                ContainersPaused = containers.Count(c => c.State.Status == ContainerStatus.Paused),
                ContainersStopped = containers.Count(c => !c.State.IsRunning),
                Images = engine.Images.List().Count,
                Driver = "overlay2",
                DriverStatus =
                [
                    ["Snapshots", options.DataRoot],
                ],
                Plugins = new InfoPlugins
                {
                    Volume = ["local"],
                    Network = ["bridge", "host", "null"],
                    Log = ["json-file", "local"],
                },
                MemoryLimit = host.MemoryLimit,
                SwapLimit = host.SwapLimit,
                CpuCfsPeriod = host.CpuQuota,
                CpuCfsQuota = host.CpuQuota,
                CPUShares = host.CpuShares,
                CPUSet = host.Cpuset,
                PidsLimit = host.PidsLimit,
                IPv4Forwarding = host.Ipv4Forwarding,
                Debug = server.Debug,
                NFd = Directory.GetFiles("/proc/self/fd").Length,
                OomKillDisable = host is { MemoryLimit: true, CgroupVersion: 1 },
                SystemTime = DockerTime.Format(DateTimeOffset.UtcNow),
                LoggingDriver = options.LogDriver,
                CgroupDriver = "cgroupfs",
                CgroupVersion = host.CgroupVersion.ToString(System.Globalization.CultureInfo.InvariantCulture),
                KernelVersion = host.KernelVersion,
                OperatingSystem = host.OperatingSystem,
                OSVersion = host.OSVersion,
                OSType = "linux",
                Architecture = host.Machine,
                IndexServerAddress = "https://index.docker.io/v1/",
                RegistryConfig = new RegistryServiceConfig
                {
                    IndexConfigs = new Dictionary<string, RegistryIndexConfig> { ["docker.io"] = index },
                    InsecureRegistryCIDRs =
                    [
                        "::1/128",
                        "127.0.0.0/8",
                        .. options.InsecureRegistries.Where(r => r.Contains('/', StringComparison.Ordinal)),
                    ],
                    Mirrors = [.. Mirrors(options)],
                },
                NCPU = host.Processors,
                MemTotal = host.MemoryBytes,
                DockerRootDir = options.DataRoot,
                Name = host.Hostname,
                Labels = options.Labels,
                ServerVersion = server.Version,
                Runtimes = options
                    .Runtimes.Append(new(EngineOptions.OwnRuntime, options.RuntimePath))
                    .ToDictionary(r => r.Key, r => new InfoRuntime { Path = r.Value }),
                DefaultRuntime = options.DefaultRuntime,
                LiveRestoreEnabled = true,
                SecurityOptions =
                [
                    .. host.AppArmor ? ["name=apparmor"] : Array.Empty<string>(),
                    .. host.Seccomp ? [$"name=seccomp,profile={options.SeccompProfile}"] : Array.Empty<string>(),
                    .. options.NoNewPrivileges ? ["name=no-new-privileges"] : Array.Empty<string>(),
                    .. options.UsernsRemap.Length > 0 ? ["name=userns"] : Array.Empty<string>(),
                    "name=cgroupns",
                ],
                FirewallBackend = request.Version < new ApiVersion(1, 49) ? null : new InfoFirewall { Driver = "nftables" },
                CDISpecDirs = [],
                Warnings = Warnings(host),
            },
            DockerJson.Wire.InfoBody
        );
    }

    // Not of Docker's: what `skiff system check` asks.
    async Task CheckAsync(ApiRequest request)
    {
        var report = await engine.Images.CheckAsync(request.Flag("repair"), engine.Containers.UserOf, request.Gone);
        await request.AnswerAsync(
            new StoreCheckBody(
                report.Blobs,
                report.Layers,
                report.Images,
                report.Bytes,
                [.. report.Faults.Select(f => new StoreFaultBody(f.Subject, f.Problem, f.Repair))]
            ),
            DockerJson.Wire.StoreCheckBody
        );
    }

    async Task DiskUsageAsync(ApiRequest request)
    {
        var types = request.QueryList("type").ToList();
        foreach (string type in types)
            if (type is not ("container" or "image" or "volume" or "build-cache"))
                throw EngineException.Invalid($"unknown object type: {type}");
        bool Wanted(string type) => types.Count == 0 || types.Contains(type);
        // Counts the files of every container: not on a thread that others need.
        var usage = await Task.Run(() => DiskUsage.Read(engine, Wanted("image"), Wanted("container")), request.Gone);
        var volumes = Wanted("volume") ? await Task.Run(() => new VolumesApi(engine).Usage(request.Gone), request.Gone) : null;
        await request.AnswerAsync(
            new DiskUsageBody
            {
                LayersSize = usage.LayersBytes,
                Images = Wanted("image")
                    ?
                    [
                        .. usage.Images.Select(i =>
                            ImageMapping.Summary(i.Image, request.Version) with
                            {
                                Size = i.Bytes,
                                SharedSize = i.SharedBytes,
                                Containers = i.Containers,
                            }
                        ),
                    ]
                    : null,
                Containers = Wanted("container")
                    ?
                    [
                        .. usage.Containers.Select(c =>
                            InspectMapping.Summary(c.Container, request.Version, engine.Volumes.PathOf) with
                            {
                                SizeRw = c.Sizes.Own,
                                SizeRootFs = c.Sizes.Root,
                            }
                        ),
                    ]
                    : null,
                Volumes = volumes,
                BuildCache = Wanted("build-cache") ? BuildApi.Usage(engine.Builds) : null,
            },
            DockerJson.Wire.DiskUsageBody
        );
    }

    // In info as docker.io's: its clients know of no others.
    static IEnumerable<string> Mirrors(EngineOptions options) => options.RegistryMirrors.Select(m => m.ToString());

    /// <summary>What containers cannot be limited in on this machine.</summary>
    static List<string> Warnings(HostInfo host)
    {
        var warnings = new List<string>();
        foreach (
            var (has, what) in ((bool, string)[])
                [
                    (host.MemoryLimit, "memory limit"),
                    (host.SwapLimit, "swap limit"),
                    (host.CpuQuota, "cpu cfs quota"),
                    (host.CpuShares, "cpu shares"),
                    (host.Cpuset, "cpuset"),
                    (host.PidsLimit, "pids limit"),
                ]
        )
            if (!has)
                warnings.Add($"WARNING: No {what} support");
        if (!host.Ipv4Forwarding)
            warnings.Add("WARNING: IPv4 forwarding is disabled");
        return warnings;
    }

    async Task EventsAsync(ApiRequest request)
    {
        var filters = request.Filters(["event", "label", "scope", "type", .. ObjectFilters]);
        var since = ApiTime.ParseOptional(request.Query("since"));
        var until = ApiTime.ParseOptional(request.Query("until"));
        var response = request.Http.Response;
        response.ContentType = "application/json";
        await response.StartAsync(request.Gone);
        await response.Body.FlushAsync(request.Gone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Gone);
        if (until is { } moment)
            end.CancelAfter(Left(moment));
        try
        {
            await foreach (
                var happened in engine.Events.SubscribeAsync(since ?? (until is null ? null : DateTimeOffset.MinValue), end.Token)
            )
            {
                if (happened.Time > until)
                    break;
                if (!Wanted(happened, filters))
                    continue;
                byte[] json = JsonSerializer.SerializeToUtf8Bytes(Message(happened), DockerJson.Wire.EventMessage);
                await response.Body.WriteAsync(json, request.Gone);
                await response.Body.WriteAsync("\n"u8.ToArray(), request.Gone);
                await response.Body.FlushAsync(request.Gone);
            }
        }
        catch (OperationCanceledException) when (!request.Gone.IsCancellationRequested)
        {
            // "until" has come.
        }
    }

    /// <summary>Time until then: at least a moment, at most what a timer takes.</summary>
    static TimeSpan Left(DateTimeOffset until)
    {
        var left = until - DateTimeOffset.UtcNow;
        return left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1)
            : left < TimeSpan.FromDays(49) ? left
            : Timeout.InfiniteTimeSpan;
    }

    static bool Wanted(EngineEvent happened, Filters filters)
    {
        return Any(filters["type"], t => t == happened.Type)
            && Any(filters["event"], e => happened.Action == e || happened.Action.StartsWith(e + ":", StringComparison.Ordinal))
            && Any(filters["scope"], s => s == "local")
            && ObjectFilters.All(Named)
            && filters.MatchesLabels(happened.Attributes);

        static bool Any(IReadOnlyList<string> values, Func<string, bool> match) => values.Count == 0 || values.Any(match);

        bool Named(string type) =>
            Any(
                filters[type],
                value =>
                    (
                        happened.Type == type
                        && (
                            happened.ActorId == value
                            || happened.Attributes.GetValueOrDefault("name") == value
                            || (value.Length >= 12 && happened.ActorId.StartsWith(value, StringComparison.Ordinal))
                        )
                    ) || (type == "image" && happened.Attributes.GetValueOrDefault("image") == value)
            );
    }

    static EventMessage Message(EngineEvent happened) =>
        new()
        {
            Status = happened.Type is "container" or "image" ? happened.Action : null,
            Id = happened.Type is "container" or "image" ? happened.ActorId : null,
            From = happened.Type == "container" ? happened.Attributes.GetValueOrDefault("image") : null,
            Type = happened.Type,
            Action = happened.Action,
            Actor = new EventActor { ID = happened.ActorId, Attributes = happened.Attributes },
            Scope = "local",
            Time = happened.Time.ToUnixTimeSeconds(),
            TimeNano = (happened.Time - DateTimeOffset.UnixEpoch).Ticks * 100,
        };

    async Task AuthAsync(ApiRequest request)
    {
        var auth = await request.ReadAsync(DockerJson.Wire.AuthConfig);
        await engine.Images.LoginAsync(
            Registry(auth.ServerAddress ?? ""),
            new RegistryCredentials(auth.Username, auth.Password, auth.IdentityToken, auth.RegistryToken),
            request.Gone
        );
        await request.AnswerAsync(new AuthAnswer("Login Succeeded", ""), DockerJson.Wire.AuthAnswer);
    }

    /// <summary>Clients name Docker Hub by the address of its first version, others perhaps by a URL.</summary>
    static string Registry(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        string host = (scheme < 0 ? address : address[(scheme + 3)..]).Split('/')[0];
        return host is "" or "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host;
    }
}
