// Builds: answers of /build, /build/prune and of /system/df.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

/// <summary>The "aux" of the last message of a build.</summary>
public sealed record BuildAux(string ID);

/// <param name="CachesDeleted">ids; null: nothing</param>
public sealed record BuildPruneAnswer(IReadOnlyList<string>? CachesDeleted, long SpaceReclaimed);

/// <summary>What one step of a build left.</summary>
public sealed record BuildCacheBody
{
    public string ID { get; init; } = "";

    /// <summary>"regular": a layer.</summary>
    public string Type { get; init; } = "regular";
    public string Description { get; init; } = "";
    public bool InUse { get; init; }

    /// <summary>Images have the layer, too.</summary>
    public bool Shared { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }
    public string CreatedAt { get; init; } = "";
    public string? LastUsedAt { get; init; }
    public int UsageCount { get; init; }
}
