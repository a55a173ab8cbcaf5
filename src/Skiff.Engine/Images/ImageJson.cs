// JSON of this slice's records in the database.
using System.Text.Json.Serialization;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(LayerRecord))]
[JsonSerializable(typeof(WritableRecord))]
[JsonSerializable(typeof(DocumentLinks))]
[JsonSerializable(typeof(IReadOnlyList<DockerArchiveItem>))]
sealed partial class ImageJson : JsonSerializerContext;

/// <summary>The row of an image; the names that point at it have rows of their own.</summary>
sealed record ImageRecord
{
    public required Descriptor Manifest { get; init; }
    public required IReadOnlyList<Descriptor> Layers { get; init; }
    public required ImageConfig Config { get; init; }
    public required long Size { get; init; }
    public DateTimeOffset? LastTagged { get; init; }
}

/// <summary>The row of an unpacked layer; its key is the chain id.</summary>
sealed record LayerRecord
{
    public Digest? Parent { get; init; }
    public required Digest DiffId { get; init; }
    public required long Size { get; init; }

    /// <summary>The boot in which the files were written, as long as they may not be on the disk; null once they are.</summary>
    public string? UnsyncedBoot { get; init; }

    /// <summary>True if the disk failed to take the files: they are good until the machine goes down, at most.</summary>
    public bool? SyncFailed { get; init; }
}

/// <summary>The row of a container's writable layer: the chain ids below it, topmost first.</summary>
sealed record WritableRecord
{
    public required IReadOnlyList<Digest> Lowers { get; init; }
}

/// <summary>What an index or a manifest refers to, whichever of the two it is.</summary>
sealed record DocumentLinks
{
    public IReadOnlyList<Descriptor>? Manifests { get; init; }
    public IReadOnlyList<Descriptor>? Layers { get; init; }
    public Descriptor? Config { get; init; }
}

/// <summary>One image of a docker archive: an element of manifest.json, whose names are in Go's spelling.</summary>
sealed record DockerArchiveItem
{
    [JsonPropertyName("Config")]
    public required string Config { get; init; }

    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public IReadOnlyList<string>? Layers { get; init; }
}
