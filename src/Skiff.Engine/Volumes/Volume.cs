// A volume as it is kept.
namespace Skiff.Engine.Volumes;

/// <summary>Data that outlives containers, under a name.</summary>
public sealed record Volume
{
    /// <summary>The label by which Docker's clients know a volume that nobody named.</summary>
    public const string AnonymousLabel = "com.docker.volume.anonymous";

    /// <summary>Two characters or more of [a-zA-Z0-9_.-]; 64 hex digits where nobody named it.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset Created { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Of the local driver: type, device and o, what to mount in place of a directory; else empty.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsAnonymous => Labels.ContainsKey(AnonymousLabel);
}

/// <summary>What a volume is to be.</summary>
/// <param name="Name">"" for one without a name</param>
/// <param name="Driver">"" and "local" are the same</param>
public sealed record VolumeCreate(
    string Name,
    string Driver,
    IReadOnlyDictionary<string, string> Options,
    IReadOnlyDictionary<string, string> Labels
);
