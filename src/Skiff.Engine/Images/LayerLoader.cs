// From layers whose blobs are in the content store to unpacked layers.
using Skiff.Engine.Images.Transfers;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

sealed class LayerLoader(ContentStore content, Snapshotter snapshots)
{
    /// <summary>
    /// Unpacks the layers that are not unpacked yet, lowest first. The caller holds a lease on the blobs and chain ids.
    /// </summary>
    /// <returns>bytes of the files of all layers</returns>
    /// <exception cref="EngineException">
    /// InvalidParameter: the layers do not fit the config, or one is broken; NotFound: a blob is missing; DataLoss: a
    /// layer is not the one of the config
    /// </exception>
    public long Unpack(
        IReadOnlyList<Descriptor> layers,
        IReadOnlyList<Digest> diffIds,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        if (layers.Count != diffIds.Count)
            throw EngineException.Invalid("layers from manifest don't match image configuration");
        long size = 0;
        Digest? parent = null;
        foreach (var (layer, diffId) in layers.Zip(diffIds))
        {
            var chainId = ChainId.Join(parent, diffId);
            if (!snapshots.Contains(chainId))
            {
                using var unpack = snapshots.BeginUnpack(chainId, parent);
                using (var blob = content.OpenRead(layer.Digest))
                {
                    string id = diffId.Hex[..12];
                    using var counted = new CountingStream(
                        blob,
                        done => progress(new TransferProgress(id, "Loading layer", done, layer.Size))
                    );
                    unpack.Apply(counted, cancellation);
                }
                unpack.Commit(diffId);
            }
            size += snapshots.Size(chainId);
            parent = chainId;
        }
        return size;
    }

    /// <summary>Makes an image of the store complete again. False if its content is gone or spoilt.</summary>
    public bool TryUnpackMissing(Image image, CancellationToken cancellation)
    {
        if (!content.Contains(image.Id) || !content.Contains(image.Manifest.Digest))
            return false;
        try
        {
            Unpack(image.Layers, image.Config.RootFs.DiffIds, _ => { }, cancellation);
            snapshots.SyncSoon();
            return true;
        }
        catch (EngineException e) when (e.Kind != ErrorKind.System)
        {
            return false;
        }
    }
}
