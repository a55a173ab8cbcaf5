// The verbs on images.
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>Pull, push, load, save, import, tag, remove and find images.</summary>
public sealed class ImageService
{
    /// <summary>Pulls for a platform (null: this machine's). Idempotent; resumes what an earlier try left.</summary>
    public Task<Image> PullAsync(
        string reference,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Pushes what the reference names. Returns the digest and size of the manifest.</summary>
    public Task<(Digest Digest, long Size)> PushAsync(
        string reference,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

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

    public IReadOnlyList<Image> List() => throw new NotSupportedException("filled in by this slice");

    /// <summary>By name, id or unambiguous prefix of an id; null if there is none.</summary>
    /// <exception cref="EngineException">a malformed or ambiguous name</exception>
    public Image? Find(string nameOrId) => throw new NotSupportedException("filled in by this slice");

    public Task TagAsync(string nameOrId, string reference, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Untags, and deletes with the last tag. <paramref name="usedBy"/> names the container that uses an image, or null.</summary>
    public Task<ImageRemoval> RemoveAsync(
        string nameOrId,
        bool force,
        Func<Digest, string?> usedBy,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");
}
