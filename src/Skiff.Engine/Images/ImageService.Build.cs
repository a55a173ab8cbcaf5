// The verbs on images that builds are made of: a layer of what a step changed, an image of layers.
using System.Security.Cryptography;
using System.Text.Json;
using Skiff.Linux.Files;
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
    const int WriteBytes = 256 << 10;

    /// <summary>Layers that are no image's and stay nevertheless: see <see cref="GarbageCollector"/>.</summary>
    internal Func<IEnumerable<(Digest Blob, Digest ChainId)>> AlsoKept
    {
        set => collector.AlsoKept = value;
    }

    /// <summary>
    /// Makes a layer of a snapshot that nothing uses any more. Its upper directory becomes the unpacked layer as it is,
    /// unless there are things in it that a tar does not carry. The layer is held by the lease.
    /// </summary>
    /// <param name="leftOut">paths that are no part of the layer if they are empty</param>
    /// <param name="below">the chain that it lies on; null: nothing</param>
    internal Task<BuiltLayer> MakeLayerAsync(
        Snapshot snapshot,
        IReadOnlySet<string> leftOut,
        Digest? below,
        ContentLease lease,
        CancellationToken cancellation
    ) =>
        BlockingStream.RunAsync(() =>
            OrNothing(() =>
            {
                MountPlaces.Remove(snapshot.Upper, leftOut);
                var (blob, archive) = PackLayer(snapshot.Upper, lease, cancellation);
                lease.Keep(ChainId.Join(below, blob.Digest));
                using var unpack = Snapshots.BeginUnpack(below);
                if (archive.IsWhole)
                    unpack.Adopt(snapshot.Upper, new UnpackedLayer(blob.Digest, archive.Size, LayerCompression.None));
                else
                    using (var tar = Content.OpenRead(blob.Digest))
                        unpack.Apply(tar, cancellation);
                unpack.Commit(blob.Digest);
                return new BuiltLayer(blob.Digest, blob, archive.Size);
            })
        );

    /// <summary>The tar of an upper directory, not compressed: its digest is the DiffId.</summary>
    (Descriptor Blob, TreeArchive Archive) PackLayer(string upper, ContentLease lease, CancellationToken cancellation)
    {
        using var blob = Content.OpenWriter();
        using var buffered = new BufferedStream(blob, WriteBytes);
        var tar = new TarWriter(buffered);
        using var root = SafePath.OpenRoot(upper);
        var archive = new TreeArchive(tar, new TreeArchiveOptions { IsUpper = true, IsQuiet = true }, cancellation);
        archive.Write(root);
        tar.Finish();
        var descriptor = new Descriptor
        {
            MediaType = ImageLoader.LayerType(LayerCompression.None),
            Size = blob.Position,
            Digest = blob.Commit(lease),
        };
        return (descriptor, archive);
    }

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
