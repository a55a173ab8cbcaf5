// The verbs on images that talk to registries.
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class ImageService
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
}
