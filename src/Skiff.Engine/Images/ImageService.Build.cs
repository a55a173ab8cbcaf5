// The verbs on images that builds are made of: a layer of what a step changed, an image of layers.
using System.Security.Cryptography;
using System.Text.Json;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>A layer that is unpacked and whose blob is in the store.</summary>
/// <param name="Blob">the tar as it is</param>
/// <param name="Size">bytes of its files</param>
internal sealed record BuiltLayer(Digest DiffId, Descriptor Blob, long Size);

public sealed partial class ImageService
{
    /// <summary>Layers that are no image's and stay nevertheless: see <see cref="GarbageCollector"/>.</summary>
    internal Func<IEnumerable<(Digest Blob, Digest ChainId)>> AlsoKept
    {
        set => collector.AlsoKept = value;
    }

    /// <summary>Makes a layer of the upper directory of an overlay. It is held by the lease.</summary>
    /// <param name="below">the chain that it lies on; null: nothing</param>
    internal Task<BuiltLayer> MakeLayerAsync(
        string upper,
        IReadOnlySet<string> leftOut,
        Digest? below,
        ContentLease lease,
        CancellationToken cancellation
    ) =>
        BlockingStream.RunAsync(() =>
            OrNothing(() =>
            {
                using var unpack = Snapshots.BeginUnpack(below);
                var (blob, layer) = WriteLayer(upper, leftOut, LayerCompression.None, unpack, lease, cancellation);
                lease.Keep(ChainId.Join(below, layer.DiffId));
                unpack.Commit(layer.DiffId);
                return new BuiltLayer(layer.DiffId, blob, layer.Size);
            })
        );

    /// <summary>Adds an image of layers that are here.</summary>
    internal Image AddBuilt(
        ImageConfig config,
        IReadOnlyList<Descriptor> layers,
        long size,
        IReadOnlyList<Reference> names,
        ContentLease lease
    )
    {
        var image = AddMade(config, layers, size, names, lease);
        foreach (var name in names)
            Announce("tag", image.Id, name.Familiar);
        return image;
    }

    /// <summary>Removes blobs and layers that nothing needs.</summary>
    internal void CollectGarbage() => collector.Collect();

    /// <summary>The digest that an image of this configuration would have.</summary>
    internal static Digest IdOf(ImageConfig config) =>
        Digest.FromSha256(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Plain.ImageConfig)));

    // The one place where an image of our own gets its documents: configuration, manifest, record. Blobs are held by the lease.
    Image AddMade(
        ImageConfig config,
        IEnumerable<Descriptor> layers,
        long size,
        IReadOnlyList<Reference> names,
        ContentLease lease
    )
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Plain.ImageConfig);
        var id = Content.Write(bytes, lease);
        var (descriptor, manifest) = ImageLoader.StoreManifest(
            new Manifest
            {
                SchemaVersion = 2,
                MediaType = MediaTypes.OciManifest,
                Config = new Descriptor
                {
                    MediaType = MediaTypes.OciConfig,
                    Digest = id,
                    Size = bytes.Length,
                },
                Layers = [.. layers.Select(l => l with { MediaType = MediaTypes.OciLayerOf(l.MediaType) })],
            },
            Content,
            lease
        );
        return Store.Add(
            new Image
            {
                Id = id,
                Manifest = descriptor,
                Layers = manifest.Layers,
                Config = config,
                Size = size,
            },
            names
        );
    }
}
