// Removes blobs and unpacked layers that no image, container or operation in flight needs.
using System.Text.Json;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// Mark and sweep. An operation that brings content holds a <see cref="ContentLease"/> on it until the image is in the
/// store: what a lease names at the start of a collection, or takes during it, stays.
/// </summary>
sealed class GarbageCollector(ContentStore content, Snapshotter snapshots, ImageStore store)
{
    const int MaxDepth = 4;

    readonly Lock one = new();

    /// <summary>Layers that no image has, for a later build.</summary>
    public Func<IEnumerable<(Digest Blob, Digest ChainId)>> AlsoKept { get; set; } = () => [];

    /// <summary>Collects. Returns the chain ids of the removed layers, topmost first, and the bytes freed in blobs.</summary>
    public (IReadOnlyList<Digest> Layers, long Bytes) Collect()
    {
        lock (one)
        {
            // In this order: whatever is given up by a lease after this point was in the store before it.
            content.BeginCollection();
            try
            {
                var (blobs, chains) = Mark();
                long bytes = 0;
                foreach (var digest in content.All())
                {
                    if (blobs.Contains(digest))
                        continue;
                    long size = content.Size(digest) ?? 0;
                    if (content.IfUnheld(digest, () => content.Remove(digest)))
                        bytes += size;
                }
                var layers = new List<Digest>();
                foreach (var chainId in snapshots.AllLayers())
                {
                    bool removed = false;
                    if (!chains.Contains(chainId))
                        content.IfUnheld(chainId, () => removed = snapshots.TryRemoveLayer(chainId));
                    if (removed)
                        layers.Add(chainId);
                }
                return (layers, bytes);
            }
            finally
            {
                content.EndCollection();
            }
        }
    }

    /// <summary>Blobs that nothing refers to and no operation holds.</summary>
    public IReadOnlyList<Digest> Unreferenced()
    {
        lock (one)
        {
            content.BeginCollection();
            try
            {
                var (blobs, _) = Mark();
                return [.. content.All().Where(d => !blobs.Contains(d) && content.IfUnheld(d, () => { }))];
            }
            finally
            {
                content.EndCollection();
            }
        }
    }

    (HashSet<Digest> Blobs, HashSet<Digest> Chains) Mark()
    {
        var blobs = new HashSet<Digest>();
        var chains = new HashSet<Digest>();
        foreach (var image in store.List())
        {
            blobs.Add(image.Id);
            blobs.UnionWith(image.Layers.Select(l => l.Digest));
            MarkDocument(image.Manifest.Digest, blobs, 0);
            chains.UnionWith(ChainId.Compute(image.Config.RootFs.DiffIds));
        }
        foreach (var (blob, chainId) in AlsoKept())
        {
            blobs.Add(blob);
            chains.Add(chainId);
        }
        foreach (var digest in store.NamedManifests())
            MarkDocument(digest, blobs, 0);
        return (blobs, chains);
    }

    // An index or a manifest, with everything of it that is here.
    void MarkDocument(Digest digest, HashSet<Digest> blobs, int depth)
    {
        if (depth > MaxDepth || content.Size(digest) is not { } size || size > ContentStore.MaxDocumentBytes)
            return;
        if (!blobs.Add(digest))
            return;
        try
        {
            byte[] bytes = content.ReadAllBytes(digest);
            if (JsonSerializer.Deserialize(bytes, ImageJson.Default.DocumentLinks) is not { } links)
                return;
            foreach (var child in links.Manifests ?? [])
                MarkDocument(child.Digest, blobs, depth + 1);
            foreach (var layer in links.Layers ?? [])
                blobs.Add(layer.Digest);
            if (links.Config is { } config)
                blobs.Add(config.Digest);
        }
        catch (JsonException)
        {
            // A blob of some other kind that a name was made for: it refers to nothing.
        }
    }
}
