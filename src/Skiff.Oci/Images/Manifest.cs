// An image manifest: one config and the layers.
namespace Skiff.Oci.Images;

/// <summary>image-spec: manifest.md; Docker's schema 2 has the same members. Its digest is of the bytes as they came.</summary>
public sealed record Manifest
{
    public required int SchemaVersion { get; init; }

    /// <summary>Docker requires it; OCI manifests may leave it out.</summary>
    public string? MediaType { get; init; }
    public string? ArtifactType { get; init; }
    public required Descriptor Config { get; init; }

    /// <summary>Lowest first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }
    public Descriptor? Subject { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
