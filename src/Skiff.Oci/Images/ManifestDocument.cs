// Tells what a manifest's bytes are: an image manifest or an index, and only one of them.
using System.Text.Json;

namespace Skiff.Oci.Images;

/// <summary>A document read once: exactly one of <see cref="Manifest"/> and <see cref="Index"/> is set.</summary>
public sealed record ManifestDocument
{
    /// <summary>The largest document that registries must accept, and that we read. distribution-spec: Pushing Manifests.</summary>
    public const int MaxBytes = 4 << 20;

    // overlayfs stacks at most 500 lower directories.
    const int MaxLayers = 500;
    const int MaxManifests = 10_000;

    public required string MediaType { get; init; }
    public Manifest? Manifest { get; init; }
    public Index? Index { get; init; }

    /// <param name="contentType">What the registry calls it; null or a general type leaves it to the document.</param>
    /// <exception cref="FormatException">broken, ambiguous, of schema 1, or unreasonably large; the message says which</exception>
    public static ManifestDocument Read(ReadOnlySpan<byte> bytes, string? contentType)
    {
        var type = contentType is not null && (IsKnown(contentType) || MediaTypes.IsSchema1(contentType)) ? contentType : null;
        var outline = Outline(bytes);
        if (type is not null && MediaTypes.IsSchema1(type) || outline.SchemaVersion == 1)
            throw new FormatException(
                "manifest schema 1 is not supported: push the image again with a tool that writes schema 2 or OCI manifests"
            );
        // One document must not be read as an index by one reader and as a manifest by another (CVE-2021-41190).
        if (outline.HasManifests && (outline.HasLayers || outline.HasConfig))
            throw new FormatException("manifest is ambiguous: it has \"manifests\" beside \"layers\" or \"config\"");
        if (type is not null && outline.MediaType is not null && outline.MediaType != type)
            throw new FormatException($"manifest calls itself \"{outline.MediaType}\", but came as \"{type}\"");
        type ??= outline.MediaType ?? (outline.HasManifests ? MediaTypes.OciIndex : MediaTypes.OciManifest);
        if (!IsKnown(type))
            throw new FormatException($"unsupported manifest type \"{type}\"");
        if (outline.SchemaVersion != 2)
            throw new FormatException($"unsupported manifest schema version {outline.SchemaVersion}");
        try
        {
            return MediaTypes.IsIndex(type)
                ? new() { MediaType = type, Index = Check(JsonSerializer.Deserialize(bytes, OciJson.Default.Index)) }
                : new() { MediaType = type, Manifest = Check(JsonSerializer.Deserialize(bytes, OciJson.Default.Manifest)) };
        }
        catch (JsonException failure)
        {
            throw new FormatException($"malformed manifest: {failure.Message}", failure);
        }
    }

    static bool IsKnown(string type) => MediaTypes.IsManifest(type) || MediaTypes.IsIndex(type);

    static Manifest Check(Manifest? manifest)
    {
        if (manifest is not { Config: not null, Layers: not null } || manifest.Layers.Any(l => l is null))
            throw new FormatException("malformed manifest: config or layers missing");
        if (manifest.Layers.Count > MaxLayers)
            throw new FormatException($"image has {manifest.Layers.Count} layers, more than the {MaxLayers} that can be mounted");
        if (manifest.Config.Size < 0 || manifest.Layers.Any(l => l.Size < 0))
            throw new FormatException("malformed manifest: negative size");
        return manifest;
    }

    static Index Check(Index? index)
    {
        if (index?.Manifests is null || index.Manifests.Any(m => m is not { Size: >= 0 }))
            throw new FormatException("malformed index: manifests missing");
        return index.Manifests.Count <= MaxManifests ? index : throw new FormatException("index has too many manifests");
    }

    // The members of the outermost object, without building anything from them.
    static (int SchemaVersion, string? MediaType, bool HasManifests, bool HasLayers, bool HasConfig) Outline(
        ReadOnlySpan<byte> bytes
    )
    {
        var (version, type, manifests, layers, config) = (0, (string?)null, false, false, false);
        try
        {
            var reader = new Utf8JsonReader(bytes);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new FormatException("malformed manifest: not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                switch (name)
                {
                    case "schemaVersion" when reader.TokenType == JsonTokenType.Number:
                        reader.TryGetInt32(out version);
                        break;
                    case "mediaType" when reader.TokenType == JsonTokenType.String:
                        type = reader.GetString();
                        break;
                    case "manifests":
                        manifests = true;
                        break;
                    case "layers" or "fsLayers":
                        layers = true;
                        break;
                    case "config":
                        config = true;
                        break;
                }
                reader.Skip();
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new FormatException($"malformed manifest: {failure.Message}", failure);
        }
        return (version, string.IsNullOrEmpty(type) ? null : type, manifests, layers, config);
    }
}
