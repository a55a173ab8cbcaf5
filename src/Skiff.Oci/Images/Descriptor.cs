// A pointer to content: its type, its digest, its size.
using Skiff.Oci.Names;

namespace Skiff.Oci.Images;

/// <summary>image-spec: descriptor.md.</summary>
public sealed record Descriptor
{
    public required string MediaType { get; init; }
    public required Digest Digest { get; init; }
    /// <summary>Bytes.</summary>
    public required long Size { get; init; }
    public IReadOnlyList<string>? Urls { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public Platform? Platform { get; init; }
    public string? ArtifactType { get; init; }
}
