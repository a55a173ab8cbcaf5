// Engine API, section Images.
using System.Text.Json.Serialization;
using Skiff.Oci.Images;

namespace Skiff.Docker;

/// <summary>One line of GET /images/json.</summary>
public sealed record ImageSummary
{
    /// <summary>Containers of this image; -1 not counted.</summary>
    public long Containers { get; init; } = -1;

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; init; }
    public string Id { get; init; } = "";
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string ParentId { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Descriptor? Descriptor { get; init; }
    public IReadOnlyList<string>? RepoDigests { get; init; } = [];
    public IReadOnlyList<string>? RepoTags { get; init; } = [];

    /// <summary>Bytes shared with other images; -1 not computed.</summary>
    public long SharedSize { get; init; } = -1;

    /// <summary>Bytes.</summary>
    public long Size { get; init; }
}

/// <summary>GET /images/{name}/json.</summary>
public sealed record ImageInspect
{
    public string Id { get; init; } = "";
    public IReadOnlyList<string>? RepoTags { get; init; } = [];
    public IReadOnlyList<string>? RepoDigests { get; init; } = [];
    public string Parent { get; init; } = "";
    public string Comment { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Created { get; init; }
    public string DockerVersion { get; init; } = "";
    public string Author { get; init; } = "";
    public string Architecture { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Variant { get; init; }
    public string Os { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OsVersion { get; init; }
    public long Size { get; init; }

    /// <summary>Equal to Size; sent to clients below API 1.44 only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? VirtualSize { get; init; }
    public GraphDriver GraphDriver { get; init; } = new();
    public RootFsBody RootFS { get; init; } = new();
    public ImageMetadata Metadata { get; init; } = new();

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Descriptor? Descriptor { get; init; }
    public ImageConfigBody? Config { get; init; }
}

/// <summary>"Config" of an image. Members that are absent in the image's own configuration are null or "".</summary>
public sealed record ImageConfigBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? ArgsEscaped { get; init; }

    [JsonConverter(typeof(StringOrListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    [JsonConverter(typeof(StringOrListConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public IReadOnlyList<string>? Env { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageHealthcheck? Healthcheck { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyList<string>? OnBuild { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Shell { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopSignal { get; init; }
    public string User { get; init; } = "";
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }
    public string WorkingDir { get; init; } = "";
}

public sealed record RootFsBody
{
    public string Type { get; init; } = "layers";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Layers { get; init; }
}

public sealed record ImageMetadata
{
    public string LastTagTime { get; init; } = DockerTime.Zero;
}

/// <summary>One entry of GET /images/{name}/history, newest first.</summary>
public sealed record ImageHistoryItem
{
    public string Comment { get; init; } = "";

    /// <summary>Seconds since 1970.</summary>
    public long Created { get; init; }
    public string CreatedBy { get; init; } = "";

    /// <summary>An image id, or "&lt;missing&gt;".</summary>
    public string Id { get; init; } = "<missing>";
    public long Size { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>Answer of GET /distribution/{name}/json: what a registry has under a name.</summary>
public sealed record DistributionInspect(Oci.Images.Descriptor Descriptor, IReadOnlyList<Oci.Names.Platform> Platforms);

/// <summary>One entry of DELETE /images/{name}: exactly one member is set.</summary>
public sealed record ImageDeleteItem
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Untagged { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Deleted { get; init; }
}

/// <summary>Answer of POST /images/prune.</summary>
public sealed record ImagePruneAnswer(IReadOnlyList<ImageDeleteItem>? ImagesDeleted, ulong SpaceReclaimed);
