// Writes images as one tar: an OCI image layout that is also an archive of `docker save`.
using System.Text;
using System.Text.Json;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>image-spec: image-layout.md; manifest.json is Docker's, with paths into blobs/.</summary>
sealed class ImageArchive(ContentStore content)
{
    public const string LayoutFile = "oci-layout";
    public const string IndexFile = "index.json";
    public const string DockerManifestFile = "manifest.json";
    public const string Blobs = "blobs/sha256/";

    // Archives of the same images are the same bytes.
    static readonly TarTime Epoch = new(0);

    /// <param name="images">each with the tags to be written, which may be none</param>
    public void Save(
        IReadOnlyList<(Image Image, IReadOnlyList<string> Tags)> images,
        Stream destination,
        CancellationToken cancellation
    )
    {
        using var lease = content.OpenLease();
        var blobs = new SortedSet<string>(StringComparer.Ordinal);
        var entries = new List<Descriptor>();
        var items = new List<DockerArchiveItem>();
        foreach (var (image, tags) in images)
        {
            foreach (var digest in image.Layers.Select(l => l.Digest).Append(image.Manifest.Digest).Append(image.Id))
            {
                lease.Keep(digest);
                if (!content.Contains(digest))
                    throw EngineException.NotFound($"blob {digest} of image {image.Id} is not here: pull the image again");
                blobs.Add(digest.Hex);
            }
            entries.AddRange(ImageStore.Entries(image with { Tags = tags }));
            items.Add(
                new DockerArchiveItem
                {
                    Config = Blobs + image.Id.Hex,
                    RepoTags = [.. tags.Select(t => Reference.Parse(t).Familiar)],
                    Layers = [.. image.Layers.Select(l => Blobs + l.Digest.Hex)],
                }
            );
        }

        using var buffered = new BufferedStream(destination, 128 << 10);
        var tar = new TarWriter(buffered);
        WriteDirectory(tar, "blobs");
        WriteDirectory(tar, "blobs/sha256");
        foreach (string hex in blobs)
            WriteBlob(tar, Digest.Parse("sha256:" + hex), cancellation);
        var index = new Skiff.Oci.Images.Index
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciIndex,
            Manifests = entries,
        };
        tar.WriteFile(IndexFile, JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Plain.Index), Epoch);
        tar.WriteFile(
            DockerManifestFile,
            JsonSerializer.SerializeToUtf8Bytes(items, ImageJson.Default.IReadOnlyListDockerArchiveItem),
            Epoch
        );
        tar.WriteFile(LayoutFile, JsonSerializer.SerializeToUtf8Bytes(new OciLayout(), OciJson.Plain.OciLayout), Epoch);
        tar.Finish();
    }

    static void WriteDirectory(TarWriter tar, string name) =>
        tar.Begin(
            new TarEntry
            {
                Kind = TarKind.Directory,
                Name = Encoding.ASCII.GetBytes(name),
                Mode = 0x1ed,
            }
        );

    void WriteBlob(TarWriter tar, Digest digest, CancellationToken cancellation)
    {
        using var blob = content.OpenRead(digest);
        tar.Begin(
            new TarEntry
            {
                Name = Encoding.ASCII.GetBytes(Blobs + digest.Hex),
                Mode = 0x1a4,
                Size = blob.Length,
            }
        );
        var buffer = new byte[128 << 10];
        for (int count; (count = blob.Read(buffer)) > 0; )
        {
            cancellation.ThrowIfCancellationRequested();
            tar.Write(buffer.AsSpan(0, count));
        }
    }
}
