// Engine API, section Volumes.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

public sealed record VolumeBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CreatedAt { get; init; }
    public string Driver { get; init; } = "local";
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string Mountpoint { get; init; } = "";
    public string Name { get; init; } = "";
    public IReadOnlyDictionary<string, string>? Options { get; init; }
    public string Scope { get; init; } = "local";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeUsage? UsageData { get; init; }
}

public sealed record VolumeUsage(long RefCount, long Size);

/// <summary>Body of POST /volumes/create.</summary>
public sealed record VolumeCreateBody
{
    public string? Name { get; init; }
    public string? Driver { get; init; }
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Answer of GET /volumes.</summary>
public sealed record VolumeList(IReadOnlyList<VolumeBody>? Volumes, IReadOnlyList<string>? Warnings);

/// <summary>Answer of POST /volumes/prune.</summary>
public sealed record VolumePruneAnswer(IReadOnlyList<string>? VolumesDeleted, ulong SpaceReclaimed);
