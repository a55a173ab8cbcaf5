// One layer on its way into the snapshots: begun in scratch, filled from a tar stream, committed by a rename.
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <param name="DiffId">sha256 of the uncompressed tar</param>
/// <param name="Size">bytes of the files, as the image's size counts them</param>
public sealed record UnpackedLayer(Digest DiffId, long Size);

/// <summary>
/// Made by <see cref="Snapshotter.BeginUnpack"/>. Apply once, then Commit. Layers of one image may be applied at the
/// same time, but are committed lowest first. Disposing without a commit leaves nothing.
/// </summary>
public sealed class LayerUnpack : IDisposable
{
    public Digest ChainId { get; }

    /// <summary>
    /// Reads the layer to its end and unpacks it. The stream may be compressed (gzip, zstd) or not: told by its first
    /// bytes. It is read synchronously on this thread, never beyond its end and not closed.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter: a broken or hostile tar; System: the disk is full</exception>
    public UnpackedLayer Apply(Stream layer, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Checks the DiffId and makes the snapshot durable and visible. One that stands already is kept.</summary>
    /// <exception cref="EngineException">DataLoss, naming both digests, if the layer is another one</exception>
    public void Commit(Digest expectedDiffId) => throw new NotSupportedException("filled in by this slice");

    public void Dispose() { }
}
