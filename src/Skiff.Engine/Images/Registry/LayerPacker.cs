// Layers that were made or loaded here without compression, compressed before they travel.
using System.IO.Compression;
using System.Text.Json;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>
/// Only images that no registry has seen are changed: what was pulled keeps every byte. The image keeps its id, its
/// layers are the same tars.
/// </summary>
internal sealed class LayerPacker(ContentStore content, ImageStore store)
{
    const int BufferSize = 256 << 10;

    /// <summary>Replaces plain layers by compressed ones, in the store too. The old blobs are for the collector.</summary>
    /// <returns>the image as it is now; the same where nothing was to be done</returns>
    public async Task<Image> PackAsync(Image image, ContentLease lease, CancellationToken cancellation)
    {
        if (image.RepoDigests.Count > 0 || !image.Layers.Any(IsPlain))
            return image;
        foreach (var layer in image.Layers)
            lease.Keep(layer.Digest);
        var packed = new Descriptor[image.Layers.Count];
        await Parallel.ForAsync(
            0,
            packed.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation },
            (i, stop) =>
            {
                packed[i] = IsPlain(image.Layers[i]) ? Pack(image.Layers[i], lease, stop) : image.Layers[i];
                return ValueTask.CompletedTask;
            }
        );
        var manifest =
            JsonSerializer.Deserialize(content.ReadAllBytes(image.Manifest.Digest), OciJson.Default.Manifest)
            ?? throw new EngineException(ErrorKind.DataLoss, $"manifest {image.Manifest.Digest} is empty");
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest with { Layers = packed }, OciJson.Plain.Manifest);
        var descriptor = image.Manifest with { Digest = content.Write(bytes, lease), Size = bytes.Length };
        return store.Repack(image, descriptor, packed);
    }

    static bool IsPlain(Descriptor layer) => layer.MediaType is MediaTypes.OciLayer or MediaTypes.DockerLayer;

    Descriptor Pack(Descriptor layer, ContentLease lease, CancellationToken cancellation)
    {
        using var source = content.OpenRead(layer.Digest);
        using var writer = content.OpenWriter();
        using (var gzip = new GZipStream(writer, CompressionLevel.Optimal, leaveOpen: true))
        {
            var buffer = new byte[BufferSize];
            for (int count; (count = source.Read(buffer)) > 0; )
            {
                cancellation.ThrowIfCancellationRequested();
                gzip.Write(buffer, 0, count);
            }
        }
        long size = writer.Position;
        return layer with
        {
            MediaType = layer.MediaType == MediaTypes.OciLayer ? MediaTypes.OciLayerGzip : MediaTypes.DockerLayerGzip,
            Digest = writer.Commit(lease),
            Size = size,
        };
    }
}
