// A container's record as Docker's clients see it: one line of a list, or everything.
using System.Globalization;
using Skiff.Docker;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Images;
using Skiff.Engine.Networks;
using Skiff.Oci.Images;

namespace Skiff.Daemon.Docker;

internal static class InspectMapping
{
    internal static string StatusWord(ContainerStatus status) =>
        status switch
        {
            ContainerStatus.Created => "created",
            ContainerStatus.Running => "running",
            ContainerStatus.Paused => "paused",
            ContainerStatus.Exited => "exited",
            ContainerStatus.Restarting => "restarting",
            _ => "dead",
        };

    internal static ContainerSummary Summary(Container container, ApiVersion version, Func<string, string> pathOf) =>
        new()
        {
            Id = container.Id,
            Names = ["/" + container.Name],
            Image = container.ImageName,
            ImageID = container.ImageId.ToString(),
            Command = string.Join(' ', Arguments(container.Config).Select(Quoted)),
            Created = container.Created.ToUnixTimeSeconds(),
            Ports = container.State.IsRunning ? Ports(container) : [],
            Labels = container.Config.Labels,
            State = StatusWord(container.State.Status),
            Status = StatusText.Of(container.State, DateTimeOffset.UtcNow),
            HostConfig = new SummaryHostConfig { NetworkMode = container.Host.NetworkMode },
            NetworkSettings = new SummaryNetworks { Networks = Networks(container) },
            Mounts = Mounts(container, pathOf),
        };

    /// <param name="directory">where the container's hosts, hostname and resolv.conf are</param>
    internal static ContainerInspect Inspect(
        Container container,
        string directory,
        Snapshot? snapshot,
        Func<string, string> pathOf
    )
    {
        var arguments = Arguments(container.Config);
        var state = container.State;
        return new ContainerInspect
        {
            Id = container.Id,
            Created = DockerTime.Format(container.Created),
            Path = arguments.Count > 0 ? arguments[0] : "",
            Args = [.. arguments.Skip(1)],
            State = new ContainerStateBody
            {
                Status = StatusWord(state.Status),
                Running = state.IsRunning || state.Status == ContainerStatus.Restarting, // as Docker has it
                Restarting = state.Status == ContainerStatus.Restarting,
                Paused = state.Status == ContainerStatus.Paused,
                Dead = state.Status == ContainerStatus.Dead,
                OOMKilled = state.OomKilled,
                Pid = state.Pid,
                ExitCode = state.ExitCode,
                Error = state.Error,
                StartedAt = DockerTime.Format(state.StartedAt),
                FinishedAt = DockerTime.Format(state.FinishedAt),
                Health = HealthOf(container),
            },
            Image = container.ImageId.ToString(),
            // Docker tells them only of a container that ran: they are made at the first start.
            ResolvConfPath = state.StartedAt is null ? "" : Path.Combine(directory, "resolv.conf"),
            HostnamePath = state.StartedAt is null ? "" : Path.Combine(directory, "hostname"),
            HostsPath = state.StartedAt is null ? "" : Path.Combine(directory, "hosts"),
            // Docker tells a path only of the driver whose format is for others to read.
            LogPath = container.Host.LogDriver == "json-file" && state.StartedAt is not null ? container.LogPath : "",
            Name = "/" + container.Name,
            RestartCount = container.RestartCount,
            Driver = "overlay2",
            HostConfig = HostConfigMapping.ToDocker(container.Host),
            GraphDriver = new GraphDriver
            {
                Name = "overlay2",
                Data = snapshot is null
                    ? null
                    : new Dictionary<string, string>
                    {
                        ["ID"] = container.Id,
                        ["LowerDir"] = string.Join(':', snapshot.Lowers),
                        ["UpperDir"] = snapshot.Upper,
                        ["WorkDir"] = snapshot.Work,
                    },
            },
            Mounts = Mounts(container, pathOf),
            Config = Config(container),
            NetworkSettings = NetworkSettings(container),
        };
    }

    static ContainerConfigBody Config(Container container)
    {
        var config = container.Config;
        return new ContainerConfigBody
        {
            Hostname = config.Hostname,
            Domainname = config.Domainname,
            User = config.User,
            AttachStdin = config.AttachStdin,
            AttachStdout = config.AttachStdout,
            AttachStderr = config.AttachStderr,
            ExposedPorts =
                config.ExposedPorts.Count > 0 ? config.ExposedPorts.ToDictionary(p => p, _ => new EmptyObject()) : null,
            Tty = config.Tty,
            OpenStdin = config.OpenStdin,
            StdinOnce = config.StdinOnce,
            Env = config.Env.Count > 0 ? config.Env : null,
            Cmd = config.Cmd,
            Healthcheck = config.Healthcheck,
            Image = container.ImageName,
            Volumes = config.Volumes.Count > 0 ? config.Volumes.ToDictionary(v => v, _ => new EmptyObject()) : null,
            WorkingDir = config.WorkingDir,
            Entrypoint = config.Entrypoint,
            OnBuild = config.OnBuild,
            Labels = config.Labels,
            StopSignal = config.StopSignal,
            StopTimeout = config.StopTimeoutSeconds,
            Shell = config.Shell,
        };
    }

    static ContainerNetworkSettings NetworkSettings(Container container)
    {
        var bridge = container.Endpoints.FirstOrDefault(e => e.NetworkName == "bridge");
        return new ContainerNetworkSettings
        {
            SandboxID = container.State.IsRunning ? container.Id : "",
            SandboxKey = container.State.IsRunning ? $"/proc/{container.State.Pid}/ns/net" : "",
            Ports = container.Endpoints.Count > 0 ? Bindings(container) : [],
            EndpointID = bridge?.EndpointId ?? "",
            Gateway = bridge?.Gateway ?? "",
            IPAddress = bridge?.IPv4Address ?? "",
            IPPrefixLen = bridge?.IPv4PrefixLength ?? 0,
            MacAddress = bridge?.MacAddress ?? "",
            Networks = Networks(container),
        };
    }

    static Dictionary<string, IReadOnlyList<PortBinding>?> Bindings(Container container)
    {
        var ports = Exposed(container).ToDictionary(p => $"{p.Port}/{p.Protocol}", _ => (IReadOnlyList<PortBinding>?)null);
        foreach (var published in container.Ports.GroupBy(p => $"{p.ContainerPort}/{p.Protocol}"))
            ports[published.Key] =
            [
                .. published.Select(p => new PortBinding
                {
                    HostIp = p.HostIp,
                    HostPort = p.HostPort.ToString(CultureInfo.InvariantCulture),
                }),
            ];
        return ports;
    }

    static Dictionary<string, EndpointSettings> Networks(Container container)
    {
        // What its user wished stays said beside what was made of it, and so it is enough to make another like it.
        var settings = container.Endpoints.ToDictionary(
            e => e.NetworkName,
            e =>
                Made(e) with
                {
                    IPAMConfig = Wished(
                        container.Networks.FirstOrDefault(n => n.Network == e.NetworkName || n.Network == e.NetworkId)
                    ),
                }
        );
        foreach (
            var wished in container.Networks.Where(n =>
                !container.Endpoints.Any(e => n.Network == e.NetworkName || n.Network == e.NetworkId)
            )
        )
            settings[wished.Network] = new EndpointSettings
            {
                Aliases = wished.Aliases.Count > 0 ? wished.Aliases : null,
                IPAMConfig = Wished(wished),
                MacAddress = wished.MacAddress ?? "",
                GwPriority = wished.GatewayPriority,
            };
        if (settings.Count == 0)
            settings[container.Host.NetworkMode] = new EndpointSettings();
        return settings;
    }

    static EndpointIpamConfig? Wished(EndpointRequest? request) =>
        request?.IPv4Address is { } address ? new EndpointIpamConfig { IPv4Address = address } : null;

    static EndpointSettings Made(Endpoint endpoint) =>
        new()
        {
            Aliases = endpoint.Aliases.Count > 0 ? endpoint.Aliases : null,
            GwPriority = endpoint.GatewayPriority,
            MacAddress = endpoint.MacAddress,
            NetworkID = endpoint.NetworkId,
            EndpointID = endpoint.EndpointId,
            Gateway = endpoint.Gateway,
            IPAddress = endpoint.IPv4Address,
            IPPrefixLen = endpoint.IPv4PrefixLength,
        };

    /// <param name="pathOf">where the data of a volume is</param>
    internal static List<MountPoint> Mounts(Container container, Func<string, string> pathOf) =>
        [
            .. container.MountPoints.Select(m => new MountPoint
            {
                Type = m.Type,
                Name = m.Type == "volume" ? m.Source : null,
                Driver = m.Type == "volume" ? "local" : null,
                Source = m.Type == "volume" ? pathOf(m.Source) : m.Source,
                Destination = m.Target,
                Mode = m.Mode,
                RW = !m.ReadOnly,
                Propagation =
                    m.Type != "bind" ? ""
                    : m.Propagation.Length > 0 ? m.Propagation
                    : "rprivate",
            }),
        ];

    /// <summary>Published ports, and those that are only exposed.</summary>
    internal static List<PortSummary> Ports(Container container) =>
        [
            .. container.Ports.Select(p => new PortSummary
            {
                IP = p.HostIp,
                PrivatePort = p.ContainerPort,
                PublicPort = p.HostPort,
                Type = p.Protocol,
            }),
            .. Exposed(container)
                .Where(e => !container.Ports.Any(p => p.ContainerPort == e.Port && p.Protocol == e.Protocol))
                .Select(p => new PortSummary { PrivatePort = p.Port, Type = p.Protocol }),
        ];

    /// <summary>"none" without a health check.</summary>
    internal static string HealthWord(Container container) =>
        container.State.Health is { } health ? health.Status.ToString().ToLowerInvariant() : "none";

    static HealthState? HealthOf(Container container) =>
        container.State.Health is not { } health
            ? null
            : new HealthState
            {
                Status = HealthWord(container),
                FailingStreak = health.FailingStreak,
                Log =
                [
                    .. health.Log.Select(p => new HealthResult
                    {
                        Start = DockerTime.Format(p.Start),
                        End = DockerTime.Format(p.End),
                        ExitCode = p.ExitCode,
                        Output = p.Output,
                    }),
                ],
            };

    static IEnumerable<(ushort Port, string Protocol)> Exposed(Container container)
    {
        foreach (string exposed in container.Config.ExposedPorts)
        {
            string[] parts = exposed.Split('/');
            if (ushort.TryParse(parts[0], out ushort port))
                yield return (port, parts.Length > 1 ? parts[1] : "tcp");
        }
    }

    static List<string> Arguments(ContainerConfig config) => [.. config.Entrypoint ?? [], .. config.Cmd ?? []];

    static string Quoted(string word) =>
        word.Length > 0 && !word.AsSpan().ContainsAny(" \t\n\"'")
            ? word
            : "'" + word.Replace("'", "'\"'\"'", StringComparison.Ordinal) + "'";
}
