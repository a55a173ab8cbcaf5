// Save, load and import: round trips, old layouts, compressions, hostile archives.
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Tests.Oci.Layers;
using Xunit;
using static Skiff.Tests.Oci.Layers.Tars;

namespace Skiff.Tests.Engine.Images;

public sealed class ImageArchiveTests : StoreFixture
{
    static readonly string Architecture = EngineOptions.HostPlatform.Architecture;

    static string Sha(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    static byte[] Config(params byte[][] layers) =>
        Bytes(
            $$"""{"architecture":"{{Architecture}}","os":"linux","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":[{{string.Join(',', layers.Select(l => $"\"sha256:{Sha(l)}\""))}}]},"unknown":1}"""
        );

    async Task RemoveAllAsync()
    {
        foreach (var image in Images.List())
            await Images.RemoveAsync(image.Id.ToString(), force: true, _ => null, Stop);
        Assert.Empty(Blobs());
    }

    async Task<EngineException> RefusedAsync(byte[] archive)
    {
        var e = await Assert.ThrowsAsync<EngineException>(() => LoadAsync(archive));
        Assert.Empty(Images.List());
        Assert.Empty(Blobs());
        Assert.Empty(SnapshotDirectories());
        return e;
    }

    [Fact]
    public async Task What_is_saved_can_be_loaded_and_is_the_same()
    {
        var a = await ImportAsync("a", "one", "CMD [\"sh\"]");
        var b = await ImportAsync("registry.example:5000/b:2", "two");
        await Images.TagAsync("a", "a:other", Stop);
        byte[] archive = await SaveAsync("a:latest", "a:other", "registry.example:5000/b:2");
        Assert.Equal(archive, await SaveAsync("a:latest", "a:other", "registry.example:5000/b:2"));
        await RemoveAllAsync();

        var loaded = await LoadAsync(archive);
        Assert.Equal(["a:latest", "a:other", "registry.example:5000/b:2"], loaded.Order(StringComparer.Ordinal));
        Assert.Equal(a.Manifest, Images.Find("a")!.Manifest);
        Assert.Equal(b.Id, Images.Find("registry.example:5000/b:2")!.Id);
        Assert.Equal(a.Size, Images.Find("a:other")!.Size);
    }

    [Fact]
    public async Task A_repository_is_saved_with_all_its_tags_and_an_id_without()
    {
        var image = await ImportAsync("a");
        await Images.TagAsync("a", "a:2", Stop);
        await Images.TagAsync("a", "b", Stop);
        var names = await LoadAsync(await SaveAsync("a"));
        Assert.Equal(["a:2", "a:latest"], names.Order(StringComparer.Ordinal));
        Assert.Equal([image.Id.ToString()], await LoadAsync(await SaveAsync(image.Id.Hex[..12])));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => SaveAsync("missing"))).Kind);
    }

    [Fact]
    public async Task Archives_are_read_whatever_their_compression()
    {
        await ImportAsync("a");
        byte[] archive = await SaveAsync("a");
        await RemoveAllAsync();
        Assert.Equal(["a:latest"], await LoadAsync(Gzip(archive)));
        Assert.Equal(["a:latest"], await LoadAsync(new ZstdSharp.Compressor(1).Wrap(archive).ToArray()));
    }

    [Fact]
    public async Task Loads_the_layout_of_older_dockers_with_linked_layers()
    {
        byte[] one = Archive(Entry("f", contents: "1"));
        byte[] two = Archive(Entry("g", contents: "2"));
        byte[] config = Config(one, two, one);
        string id = Sha(config);
        byte[] archive = Archive(
            Entry("l1/", '5'),
            Entry("l1/VERSION", contents: "1.0"),
            Entry("l1/json", contents: "{}"),
            Entry("l1/layer.tar", '0', one),
            Entry("l2/layer.tar", '0', Gzip(two)),
            Entry("l3/layer.tar", '2', link: "../l1/layer.tar"),
            Entry($"{id}.json", '0', config),
            Entry(
                "manifest.json",
                contents: $$"""[{"Config":"{{id}}.json","RepoTags":["old:1"],"Layers":["l1/layer.tar","l2/layer.tar","l3/layer.tar"]}]"""
            ),
            Entry("repositories", contents: "{}")
        );
        Assert.Equal(["old:1"], await LoadAsync(archive));
        var image = Images.Find("old:1")!;
        Assert.Equal(id, image.Id.Hex);
        Assert.Equal([MediaTypes.OciLayer, MediaTypes.OciLayerGzip, MediaTypes.OciLayer], image.Layers.Select(l => l.MediaType));
        Assert.Equal(3, SnapshotDirectories().Count);
        // The config is kept as the bytes that came.
        Assert.Equal(config, Images.Content.ReadAllBytes(image.Id));
        // What is in the archive but of no use is collected.
        await ReopenAsync();
        Assert.Equal(4, Blobs().Count);
        Assert.NotNull(Images.Find("old:1"));
    }

    [Theory]
    [InlineData("\"io.containerd.image.name\":\"docker.io/library/x:1\"", "x:1")]
    [InlineData("\"org.opencontainers.image.ref.name\":\"registry.example/x:1\"", "registry.example/x:1")]
    [InlineData("\"org.opencontainers.image.ref.name\":\"latest\"", null)]
    public async Task Loads_an_image_layout_and_chooses_the_platform(string annotation, string? name)
    {
        byte[] layer = Archive(Entry("f"));
        byte[] config = Config(layer);
        byte[] manifest = Bytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"sha256:{{Sha(config)}}","size":{{config.Length}}},"layers":[{"mediaType":"{{MediaTypes.OciLayer}}","digest":"sha256:{{Sha(layer)}}","size":{{layer.Length}}}]}"""
        );
        string Described(byte[] document, string platform) =>
            $$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"sha256:{{Sha(document)}}","size":{{document.Length}},"platform":{"os":"linux","architecture":"{{platform}}" } }""";
        byte[] index = Bytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{Described([1], "s390x")}},{{Described(manifest, Architecture)}}]}"""
        );
        byte[] archive = Archive(
            Entry(
                "index.json",
                contents: $$$"""{"schemaVersion":2,"manifests":[{"mediaType":"{{{MediaTypes.OciIndex}}}","digest":"sha256:{{{Sha(index)}}}","size":{{{index.Length}}},"annotations": { {{{annotation}}} } }]}"""
            ),
            Entry("oci-layout", contents: """{"imageLayoutVersion":"1.0.0"}"""),
            Entry($"blobs/sha256/{Sha(index)}", '0', index),
            Entry($"blobs/sha256/{Sha(manifest)}", '0', manifest),
            Entry($"blobs/sha256/{Sha(config)}", '0', config),
            Entry($"./blobs/sha256/{Sha(layer)}", '0', layer)
        );
        Assert.Equal([name ?? $"sha256:{Sha(config)}"], await LoadAsync(archive));
        Assert.Equal(Sha(manifest), Images.List().Single().Manifest.Digest.Hex);
    }

    [Fact]
    public async Task Refuses_archives_that_are_none_or_lie()
    {
        Assert.Contains(
            "neither manifest.json nor index.json",
            (await RefusedAsync(Archive(Entry("x")))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains("invalid archive", (await RefusedAsync(Bytes(new string('x', 600)))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "escapes the root",
            (await RefusedAsync(Archive(Entry("../manifest.json")))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "invalid archive",
            (await RefusedAsync(Archive(Entry("manifest.json", contents: "[{}]")))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "invalid archive",
            (await RefusedAsync(Archive(Entry("manifest.json", contents: "[null]")))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"gone.json\" is missing",
            (await RefusedAsync(Archive(Entry("manifest.json", contents: """[{"Config":"gone.json","Layers":[]}]""")))).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ErrorKind.DataLoss,
            (await RefusedAsync(Archive(Entry($"blobs/sha256/{new string('0', 64)}", contents: "x")))).Kind
        );
    }

    [Fact]
    public async Task Refuses_layers_that_are_not_those_of_the_config()
    {
        byte[] layer = Archive(Entry("f"));
        byte[] Docker(byte[] config, string layers) =>
            Archive(
                Entry("l.tar", '0', layer),
                Entry("c.json", '0', config),
                Entry("manifest.json", contents: $$"""[{"Config":"c.json","RepoTags":["x:1"],"Layers":[{{layers}}]}]""")
            );
        Assert.Equal(ErrorKind.DataLoss, (await RefusedAsync(Docker(Config([1]), "\"l.tar\""))).Kind);
        Assert.Contains(
            "don't match",
            (await RefusedAsync(Docker(Config(layer, layer), "\"l.tar\""))).Message,
            StringComparison.Ordinal
        );
        byte[] hostile = Archive(Entry("../x"));
        byte[] archive = Archive(
            Entry("l.tar", '0', hostile),
            Entry("c.json", '0', Config(hostile)),
            Entry("manifest.json", contents: """[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar"]}]""")
        );
        Assert.Contains("layer entry \"../x\" escapes the root", (await RefusedAsync(archive)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Imports_a_tar_with_changes()
    {
        var tar = Gzip(Layer("f").ToArray());
        var image = await Images.ImportAsync(
            new MemoryStream(tar),
            "-",
            "app:1",
            "made by hand",
            ["ENV A=1 B='two words'", "CMD [\"sh\", \"-c\", \"x\"]", "EXPOSE 80 53/udp", "WORKDIR /srv", "LABEL k=v"],
            null,
            Stop
        );
        Assert.Equal(["docker.io/library/app:1"], image.Tags);
        Assert.Equal(["A=1", "B=two words"], image.Config.Config!.Env!);
        Assert.Equal(MediaTypes.OciLayerGzip, image.Layers[0].MediaType);
        Assert.Equal("made by hand", image.Config.History![0].Comment);
        Assert.Equal(Sha(Layer("f").ToArray()), image.Config.RootFs.DiffIds[0].Hex);
        Assert.Equal("contents of f".Length, image.Size);
        await ReopenAsync();
        Assert.Equal(image.Id, Images.Find("app:1")!.Id);
    }

    [Fact]
    public async Task A_broken_import_leaves_nothing()
    {
        foreach (byte[] tar in (byte[][])[Bytes(new string('x', 1000)), Archive(Entry("../x")), Layer("f").ToArray()[..1030]])
        {
            await Assert.ThrowsAsync<EngineException>(() =>
                Images.ImportAsync(new MemoryStream(tar), "-", "x", null, [], null, Stop)
            );
            Assert.Empty(Images.List());
            Assert.Empty(SnapshotDirectories());
            Assert.Empty(await ScratchAsync());
            Assert.Empty(Blobs());
        }
    }
}
