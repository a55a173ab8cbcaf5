// Small images for tests, put into a faulty registry.
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Tests.Engine.Images.Registry;

internal static class SampleImages
{
    /// <summary>A tar with one file of random content; as different as its name and size.</summary>
    public static byte[] Tar(string file, int size = 10_000)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, file)
                {
                    DataStream = new MemoryStream(RandomNumberGenerator.GetBytes(size)),
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    // Whoever runs the tests can own this.
                    Uid = (int)OwnId("Uid"),
                    Gid = (int)OwnId("Gid"),
                }
            );
        }
        return tar.ToArray();
    }

    static long OwnId(string kind) =>
        long.Parse(
            File.ReadLines("/proc/self/status").First(l => l.StartsWith(kind, StringComparison.Ordinal)).Split('\t')[1],
            System.Globalization.CultureInfo.InvariantCulture
        );

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    public static byte[] Zstd(byte[] bytes)
    {
        using var compressor = new ZstdSharp.Compressor(3);
        return compressor.Wrap(bytes).ToArray();
    }

    public static Digest Hash(byte[] bytes) => Digest.FromSha256(SHA256.HashData(bytes));

    /// <summary>Adds a manifest of gzip layers and tags it "repository:tag". Returns the manifest's descriptor.</summary>
    public static Descriptor Add(FaultyRegistry registry, string? name, string architecture, params byte[][] tars) =>
        AddPacked(registry, name, architecture, [.. tars.Select(t => (t, Gzip(t), MediaTypes.OciLayerGzip))]);

    public static Descriptor AddPacked(
        FaultyRegistry registry,
        string? name,
        string architecture,
        (byte[] Tar, byte[] Packed, string Type)[] layers,
        bool docker = false
    )
    {
        var config = new ImageConfig
        {
            Architecture = architecture,
            OS = "linux",
            RootFs = new ImageRootFs { Type = "layers", DiffIds = [.. layers.Select(l => Hash(l.Tar))] },
        };
        var manifest = new Manifest
        {
            SchemaVersion = 2,
            MediaType = docker ? MediaTypes.DockerManifest : MediaTypes.OciManifest,
            Config = registry.AddBlob(
                JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.ImageConfig),
                docker ? MediaTypes.DockerConfig : MediaTypes.OciConfig
            ),
            Layers = [.. layers.Select(l => registry.AddBlob(l.Packed, l.Type))],
        };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Default.Manifest);
        var descriptor = registry.AddBlob(bytes, manifest.MediaType) with
        {
            Platform = new() { OS = "linux", Architecture = architecture },
        };
        if (name is not null)
            registry.Tag(name, descriptor.Digest);
        return descriptor;
    }

    public static Digest AddIndex(FaultyRegistry registry, string name, params Descriptor[] manifests)
    {
        var index = new Skiff.Oci.Images.Index
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciIndex,
            Manifests = manifests,
        };
        var digest = registry.Add(JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Default.Index), MediaTypes.OciIndex);
        registry.Tag(name, digest);
        return digest;
    }
}
