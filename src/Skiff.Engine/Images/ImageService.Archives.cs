// The verbs on images that read and write archives.
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class ImageService
{
    /// <summary>Loads an archive as `docker save` writes it, or an OCI layout. Returns the names or ids loaded.</summary>
    public Task<IReadOnlyList<string>> LoadAsync(
        Stream archive,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Writes images as an OCI layout with Docker's manifest.json.</summary>
    public Task SaveAsync(IReadOnlyList<string> names, Stream archive, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Makes a one-layer image of a tar. Changes are Dockerfile instructions (CMD, ENV ...).</summary>
    public Task<Image> ImportAsync(
        Stream tar,
        string? reference,
        string? message,
        IReadOnlyList<string> changes,
        Platform? platform,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");
}
