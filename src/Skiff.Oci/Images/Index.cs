// An image index: the manifests of one image for several platforms.
using Skiff.Oci.Names;

namespace Skiff.Oci.Images;

/// <summary>image-spec: image-index.md; Docker's manifest list has the same members.</summary>
public sealed record Index
{
    public required int SchemaVersion { get; init; }
    public string? MediaType { get; init; }
    public string? ArtifactType { get; init; }
    public required IReadOnlyList<Descriptor> Manifests { get; init; }
    public Descriptor? Subject { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>
    /// The manifest that suits a platform best; of equals the first, and one that names no platform only if no other
    /// suits. Null if there is none.
    /// </summary>
    public Descriptor? Choose(Platform wanted)
    {
        Descriptor? best = null;
        var bestRank = int.MaxValue;
        foreach (var manifest in Manifests)
        {
            if (!MediaTypes.IsManifest(manifest.MediaType) && !MediaTypes.IsIndex(manifest.MediaType))
                continue;
            var rank = manifest.Platform is { } offered ? wanted.Suits(offered) : int.MaxValue - 1;
            if (rank >= 0 && rank < bestRank)
                (best, bestRank) = (manifest, rank);
        }
        return best;
    }
}
