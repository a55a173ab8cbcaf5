// Engine API, section Containers: what create takes and what list, inspect, wait, top and the small verbs answer.
using System.Text.Json.Serialization;
using Skiff.Oci.Images;

namespace Skiff.Docker;

/// <summary>Body of POST /containers/create: the members of the config, and two objects beside them.</summary>
public sealed record ContainerCreateBody : ContainerConfigShape
{
    [JsonPropertyOrder(1)]
    public HostConfig? HostConfig { get; init; }

    [JsonPropertyOrder(1)]
    public NetworkingConfig? NetworkingConfig { get; init; }
}

/// <summary>The "Config" of inspect: the part of a container that travels with an image.</summary>
public sealed record ContainerConfigBody : ContainerConfigShape;

/// <summary>Members shared by create and inspect, in Docker's order.</summary>
public abstract record ContainerConfigShape
{
    public string Hostname
    {
        get;
        init => field = value ?? "";
    } = "";
    public string Domainname
    {
        get;
        init => field = value ?? "";
    } = "";
    public string User
    {
        get;
        init => field = value ?? "";
    } = "";
    public bool AttachStdin { get; init; }
    public bool AttachStdout { get; init; }
    public bool AttachStderr { get; init; }

    /// <summary>Keys "80/tcp".</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }
    public bool Tty { get; init; }
    public bool OpenStdin { get; init; }
    public bool StdinOnce { get; init; }
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>A lone string is accepted and is a list of one.</summary>
    [JsonConverter(typeof(StringOrListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageHealthcheck? Healthcheck { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? ArgsEscaped { get; init; }
    public string Image
    {
        get;
        init => field = value ?? "";
    } = "";
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }
    public string WorkingDir
    {
        get;
        init => field = value ?? "";
    } = "";

    [JsonConverter(typeof(StringOrListConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? NetworkDisabled { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MacAddress { get; init; }
    public IReadOnlyList<string>? OnBuild { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopSignal { get; init; }

    /// <summary>Seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? StopTimeout { get; init; }

    [JsonConverter(typeof(StringOrListConverter))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Shell { get; init; }
}

public sealed record ContainerCreateAnswer
{
    public required string Id { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; } = [];
}

/// <summary>One line of GET /containers/json.</summary>
public sealed record ContainerSummary
{
    public string Id { get; init; } = "";

    /// <summary>With a leading slash.</summary>
    public IReadOnlyList<string>? Names { get; init; }
    public string Image { get; init; } = "";
    public string ImageID { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Descriptor? ImageManifestDescriptor { get; init; }
    public string Command { get; init; } = "";

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; init; }
    public IReadOnlyList<PortSummary>? Ports { get; init; } = [];

    /// <summary>Bytes in the writable layer; only when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRw { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRootFs { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>"created", "running", "paused", "restarting", "removing", "exited" or "dead".</summary>
    public string State { get; init; } = "";

    /// <summary>For people: "Up 3 seconds".</summary>
    public string Status { get; init; } = "";
    public SummaryHostConfig HostConfig { get; init; } = new();
    public SummaryNetworks? NetworkSettings { get; init; }
    public IReadOnlyList<MountPoint>? Mounts { get; init; } = [];
}

public sealed record SummaryHostConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NetworkMode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

public sealed record SummaryNetworks
{
    public IReadOnlyDictionary<string, EndpointSettings>? Networks { get; init; }
}

/// <summary>A published or exposed port of a summary.</summary>
public sealed record PortSummary
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IP { get; init; }
    public ushort PrivatePort { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ushort PublicPort { get; init; }

    /// <summary>"tcp", "udp" or "sctp".</summary>
    public string Type { get; init; } = "";
}

/// <summary>A mount of a container as made.</summary>
public sealed record MountPoint
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
    public string Source { get; init; } = "";
    public string Destination { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Driver { get; init; }
    public string Mode { get; init; } = "";
    public bool RW { get; init; }
    public string Propagation { get; init; } = "";
}

/// <summary>GET /containers/{id}/json.</summary>
public sealed record ContainerInspect
{
    public string Id { get; init; } = "";
    public string Created { get; init; } = DockerTime.Zero;
    public string Path { get; init; } = "";
    public IReadOnlyList<string>? Args { get; init; } = [];
    public ContainerStateBody State { get; init; } = new();

    /// <summary>The image's id.</summary>
    public string Image { get; init; } = "";
    public string ResolvConfPath { get; init; } = "";
    public string HostnamePath { get; init; } = "";
    public string HostsPath { get; init; } = "";
    public string LogPath { get; init; } = "";

    /// <summary>With a leading slash.</summary>
    public string Name { get; init; } = "";
    public int RestartCount { get; init; }
    public string Driver { get; init; } = "";
    public string Platform { get; init; } = "linux";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Descriptor? ImageManifestDescriptor { get; init; }
    public string MountLabel { get; init; } = "";
    public string ProcessLabel { get; init; } = "";
    public string AppArmorProfile { get; init; } = "";
    public IReadOnlyList<string>? ExecIDs { get; init; }
    public HostConfig? HostConfig { get; init; }
    public GraphDriver GraphDriver { get; init; } = new();

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRw { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRootFs { get; init; }
    public IReadOnlyList<MountPoint>? Mounts { get; init; } = [];
    public ContainerConfigBody? Config { get; init; }
    public ContainerNetworkSettings? NetworkSettings { get; init; }
}

/// <summary>"State" of inspect.</summary>
public sealed record ContainerStateBody
{
    public string Status { get; init; } = "";
    public bool Running { get; init; }
    public bool Paused { get; init; }
    public bool Restarting { get; init; }
    public bool OOMKilled { get; init; }
    public bool Dead { get; init; }
    public int Pid { get; init; }
    public int ExitCode { get; init; }
    public string Error { get; init; } = "";
    public string StartedAt { get; init; } = DockerTime.Zero;
    public string FinishedAt { get; init; } = DockerTime.Zero;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HealthState? Health { get; init; }
}

public sealed record HealthState
{
    /// <summary>"none", "starting", "healthy" or "unhealthy".</summary>
    public string Status { get; init; } = "";
    public int FailingStreak { get; init; }
    public IReadOnlyList<HealthResult>? Log { get; init; } = [];
}

public sealed record HealthResult
{
    public string Start { get; init; } = DockerTime.Zero;
    public string End { get; init; } = DockerTime.Zero;
    public int ExitCode { get; init; }
    public string Output { get; init; } = "";
}

/// <summary>Where a container's or image's files are. Driver "overlay2": LowerDir, MergedDir, UpperDir, WorkDir.</summary>
public sealed record GraphDriver
{
    public IReadOnlyDictionary<string, string>? Data { get; init; }
    public string Name { get; init; } = "";
}

/// <summary>Answer of POST /containers/{id}/wait.</summary>
public sealed record ContainerWaitAnswer
{
    public long StatusCode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContainerWaitError? Error { get; init; }
}

public sealed record ContainerWaitError(string Message);

/// <summary>Answer of GET /containers/{id}/top.</summary>
public sealed record ContainerTopAnswer
{
    public IReadOnlyList<IReadOnlyList<string>> Processes { get; init; } = [];
    public IReadOnlyList<string> Titles { get; init; } = [];
}

/// <summary>One entry of GET /containers/{id}/changes. Kind: 0 modified, 1 added, 2 deleted.</summary>
public sealed record FilesystemChange(string Path, int Kind);

/// <summary>Body of POST /containers/{id}/update.</summary>
public sealed record ContainerUpdateBody : ResourcesShape
{
    public RestartPolicy? RestartPolicy { get; init; }
}

/// <summary>Answer of POST /containers/{id}/update.</summary>
public sealed record ContainerUpdateAnswer(IReadOnlyList<string>? Warnings);

/// <summary>Answer of POST /containers/prune.</summary>
public sealed record ContainerPruneAnswer(IReadOnlyList<string>? ContainersDeleted, ulong SpaceReclaimed);
