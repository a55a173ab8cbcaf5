// One layer on its way into the snapshots: begun in scratch, filled from a tar stream, committed by a rename.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <param name="DiffId">sha256 of the uncompressed tar</param>
/// <param name="Size">bytes of the files, as the image's size counts them</param>
/// <param name="Compression">how the stream was compressed</param>
public sealed record UnpackedLayer(Digest DiffId, long Size, LayerCompression Compression);

/// <summary>
/// Made by <see cref="Snapshotter.BeginUnpack"/>. Apply or Adopt once, then Commit. Layers of one image may be applied at the
/// same time, but are committed lowest first. Disposing without a commit leaves nothing.
/// </summary>
public sealed class LayerUnpack : IDisposable
{
    readonly Snapshotter snapshotter;
    readonly string scratch;
    readonly Digest? expectedChainId;
    readonly Digest? parent;
    UnpackedLayer? applied;
    List<byte[]> implicitDirectories = [];
    bool committed;

    internal LayerUnpack(Snapshotter snapshotter, string scratch, Digest? expectedChainId, Digest? parent)
    {
        this.snapshotter = snapshotter;
        this.scratch = scratch;
        this.expectedChainId = expectedChainId;
        this.parent = parent;
        Directory.CreateDirectory(
            Root,
            (UnixFileMode)0x1ed /* 0755 */
        );
    }

    string Root => Path.Combine(scratch, "fs");

    /// <summary>
    /// Reads the layer to its end and unpacks it. The stream may be compressed (gzip, zstd) or not: told by its first
    /// bytes. It is read synchronously, from another thread, never beyond its end and not closed.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter: a broken or hostile tar; System: the disk is full</exception>
    public UnpackedLayer Apply(Stream layer, CancellationToken cancellation)
    {
        if (applied is not null)
            throw new InvalidOperationException("a layer was applied already");
        try
        {
            using var plain = Compression.OpenDecompressor(layer, out var compression);
            using var ahead = new ReadAhead(plain);
            using var guarded = new SpaceGuard(ahead, scratch, SpaceGuard.ReserveOf(scratch));
            using var hashed = new DigestStream(guarded);
            using var root = SafePath.OpenRoot(Root);
            using var applier = new LayerApplier(root);
            applier.Apply(new TarReader(hashed), cancellation);
            // A caller that copies the stream elsewhere on the way gets all of it, also what follows the last frame.
            DrainEnd(layer);
            implicitDirectories = [.. applier.ImplicitDirectories];
            return applied = new UnpackedLayer(hashed.Digest, applier.Size, compression);
        }
        catch (InvalidDataException e)
        {
            throw new EngineException(ErrorKind.InvalidParameter, $"cannot unpack the layer: {e.Message}", e);
        }
        catch (Exception e) when (DiskErrors.Applies(e))
        {
            throw DiskErrors.Explain(e, "cannot unpack the layer", snapshotter.Directory);
        }
        catch (ErrnoException e)
        {
            throw new EngineException(ErrorKind.System, $"cannot unpack the layer: {e.Message}", e);
        }
    }

    /// <summary>Instead of Apply: takes a directory that is what the layer would unpack to, by a rename.</summary>
    /// <param name="directory">on the file system of the snapshots; afterwards it is gone</param>
    internal void Adopt(string directory, UnpackedLayer layer)
    {
        if (applied is not null)
            throw new InvalidOperationException("a layer was applied already");
        Directory.Delete(Root);
        Directory.Move(directory, Root);
        applied = layer;
    }

    /// <summary>
    /// Checks the DiffId and makes the snapshot visible; returns its chain id. One that stands already is kept.
    /// </summary>
    /// <exception cref="EngineException">DataLoss, naming both digests, if the layer is another one</exception>
    public Digest Commit(Digest expectedDiffId)
    {
        if (applied is null)
            throw new InvalidOperationException("no layer was applied");
        if (applied.DiffId != expectedDiffId)
            throw new EngineException(
                ErrorKind.DataLoss,
                $"layer digest mismatch: expected {expectedDiffId}, got {applied.DiffId}"
            );
        var chainId = ChainId.Join(parent, expectedDiffId);
        if (expectedChainId is { } wanted && wanted != chainId)
            throw new EngineException(ErrorKind.DataLoss, $"layer chain mismatch: expected {wanted}, got {chainId}");
        if (!snapshotter.Contains(chainId))
        {
            try
            {
                ImplicitDirectories.CopyFromBelow(Root, implicitDirectories, snapshotter.LayersOf(parent));
                snapshotter.Publish(chainId, parent, applied, scratch);
                committed = true;
            }
            catch (Exception e) when (DiskErrors.Applies(e))
            {
                throw DiskErrors.Explain(e, "cannot store the layer", snapshotter.Directory);
            }
        }
        return chainId;
    }

    /// <summary>
    /// Says how the layer that stands under this one's chain id differs from what was applied here; null if it does not.
    /// Nothing is committed.
    /// </summary>
    internal string? DifferenceFromExisting(CancellationToken cancellation)
    {
        ImplicitDirectories.CopyFromBelow(Root, implicitDirectories, snapshotter.LayersOf(parent));
        using var existing = SafePath.OpenRoot(snapshotter.LayersOf(expectedChainId)[0]);
        using var applied = SafePath.OpenRoot(Root);
        return TreeDifference.Find(existing, applied, cancellation);
    }

    /// <summary>Puts what was applied in the place of the layer that stands there.</summary>
    internal void ReplaceExisting()
    {
        snapshotter.Reinstate(expectedChainId!.Value, scratch);
        committed = true;
    }

    public void Dispose()
    {
        if (!committed)
            snapshotter.Discard(scratch);
        committed = true;
    }

    static void DrainEnd(Stream layer)
    {
        var rest = new byte[4096];
        while (layer.Read(rest) > 0) { }
    }
}
