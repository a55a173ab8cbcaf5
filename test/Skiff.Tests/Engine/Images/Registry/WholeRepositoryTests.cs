// Pushing what was made here, all tags of a repository, and looks into a registry without a pull.
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Oci.Images;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Images.Registry;

public sealed class WholeRepositoryTests : StoreFixture
{
    static readonly Platform Foreign = new()
    {
        OS = "linux",
        Architecture = EngineOptions.HostPlatform.Architecture == "amd64" ? "arm64" : "amd64",
    };

    static Task<(Digest Digest, long Size)> Push(ImageService images, string name, Platform? platform = null) =>
        images.PushAsync(name, platform, null, _ => { }, Stop);

    [Fact]
    public async Task Compresses_layers_that_were_imported_plain_and_keeps_the_image()
    {
        await using var registry = await FaultyRegistry.StartAsync();
        string name = $"{registry.Authority}/made:1";
        var image = await ImportAsync(name);
        Assert.Equal(MediaTypes.OciLayer, Assert.Single(image.Layers).MediaType);

        var (digest, _) = await Push(Images, name);
        var pushed = Images.Find(name)!;
        Assert.Equal(image.Id, pushed.Id);
        var layer = Assert.Single(pushed.Layers);
        Assert.Equal(MediaTypes.OciLayerGzip, layer.MediaType);
        Assert.Equal(
            (digest, digest),
            (pushed.Manifest.Digest, Digest.FromSha256(SHA256.HashData(registry.Content["made:1"].Bytes)))
        );
        using var gzip = new GZipStream(
            new MemoryStream(registry.Content[layer.Digest.ToString()].Bytes),
            CompressionMode.Decompress
        );
        Assert.Equal(image.Config.RootFs.DiffIds[0], Digest.FromSha256(SHA256.HashData(gzip)));
        // The plain blob is gone, and what is left is whole, also for the next engine.
        Assert.Equal(3, Blobs().Count);
        await ReopenAsync();
        Assert.Equal(digest, Images.Find(name)!.Manifest.Digest);
        Assert.Equal(digest, (await Push(Images, name)).Digest);
    }

    [Fact]
    public async Task What_came_from_a_registry_is_pushed_as_it_came()
    {
        await using var registry = await FaultyRegistry.StartAsync();
        byte[] tar = SampleImages.Tar("a");
        var manifest = SampleImages.AddPacked(
            registry,
            "a:1",
            EngineOptions.HostPlatform.Architecture,
            [(tar, tar, MediaTypes.OciLayer)]
        );
        await Images.PullAsync($"{registry.Authority}/a:1", null, null, _ => { }, Stop);
        await Images.TagAsync($"{registry.Authority}/a:1", $"{registry.Authority}/b:1", Stop);
        Assert.Equal(manifest.Digest, (await Push(Images, $"{registry.Authority}/b:1")).Digest);
    }

    [Fact]
    public async Task Platforms_are_checked_before_anything_is_sent_or_written()
    {
        await using var registry = await FaultyRegistry.StartAsync();
        string name = $"{registry.Authority}/a:1";
        await ImportAsync(name);
        var failure = await Assert.ThrowsAsync<EngineException>(() => Push(Images, name, Foreign));
        Assert.Contains($"does not match the specified platform ({Foreign})", failure.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);

        using var archive = new MemoryStream();
        await Assert.ThrowsAsync<EngineException>(() => Images.SaveAsync([name], Foreign, archive, Stop));
        Assert.Equal(0, archive.Length);

        byte[] saved = await SaveAsync(name);
        await Images.RemoveAsync(name, false, _ => null, Stop);
        failure = await Assert.ThrowsAsync<EngineException>(() =>
            Images.LoadAsync(new MemoryStream(saved), Foreign, _ => { }, Stop)
        );
        Assert.Equal($"the archive has no image for {Foreign}", failure.Message);
        Assert.Empty(Images.List());
        Assert.Equal([name], await Images.LoadAsync(new MemoryStream(saved), EngineOptions.HostPlatform, _ => { }, Stop));
    }

    [Fact]
    public async Task Pulls_every_tag_page_by_page()
    {
        await using var registry = await FaultyRegistry.StartAsync();
        foreach (string tag in (string[])["1", "2", "3"])
            SampleImages.Add(registry, $"a:{tag}", EngineOptions.HostPlatform.Architecture, SampleImages.Tar(tag));
        registry.Intercept = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/tags/list", StringComparison.Ordinal))
                return false;
            bool second = context.Request.Query.ContainsKey("last");
            if (!second)
                context.Response.Headers.Link = "</v2/a/tags/list?n=2&last=2>; rel=\"next\"";
            await context.Response.WriteAsync(second ? """{"name":"a","tags":["3"]}""" : """{"name":"a","tags":["1","2"]}""");
            return true;
        };
        var pulled = await Images.PullAllTagsAsync($"{registry.Authority}/a", null, null, _ => { }, Stop);
        Assert.Equal(3, pulled.Count);
        Assert.Equal(["1", "2", "3"], Images.TagsOf($"{registry.Authority}/a").Order());
        Assert.Throws<EngineException>(() => Images.TagsOf("nothing"));
    }

    [Fact]
    public async Task Imports_an_archive_from_the_web()
    {
        await using var server = await FaultyRegistry.StartAsync();
        server.Intercept = async context =>
        {
            string path = context.Request.Path.Value!;
            if (path == "/moved")
            {
                context.Response.StatusCode = 302;
                context.Response.Headers.Location = "/root.tar";
                return true;
            }
            if (path != "/root.tar")
                return false;
            await Layer("file").CopyToAsync(context.Response.Body, Stop);
            return true;
        };
        string url = $"{server.Authority}/moved";
        await using (var archive = await Images.FetchArchiveAsync(url, _ => { }, Stop))
            await Images.ImportAsync(archive, url, "fetched", null, [], null, Stop);
        Assert.Equal($"Imported from {url}", Assert.Single(Images.Find("fetched")!.Config.History!).Comment);
        Assert.All(server.Requests, r => Assert.DoesNotContain("Basic", r, StringComparison.Ordinal));

        var failure = await Assert.ThrowsAsync<EngineException>(() =>
            Images.FetchArchiveAsync($"{server.Authority}/nothing", _ => { }, Stop)
        );
        Assert.Equal(ErrorKind.NotFound, failure.Kind);
        foreach (string wrong in (string[])["file:///etc/passwd", "ftp://x/y", "http://u:p@x/y"])
            await Assert.ThrowsAsync<EngineException>(() => Images.FetchArchiveAsync(wrong, _ => { }, Stop));
    }

    [Fact]
    public async Task Looks_into_a_registry_without_pulling()
    {
        await using var registry = await FaultyRegistry.StartAsync();
        var mine = SampleImages.Add(registry, "a:1", EngineOptions.HostPlatform.Architecture, SampleImages.Tar("a"));
        var (descriptor, platforms) = await Images.LookIntoRegistryAsync($"{registry.Authority}/a:1", null, Stop);
        Assert.Equal((mine.Digest, EngineOptions.HostPlatform.ToString()), (descriptor.Digest, platforms.Single().ToString()));

        var other = SampleImages.Add(registry, null, Foreign.Architecture, SampleImages.Tar("b"));
        var index = SampleImages.AddIndex(registry, "b:1", mine, other);
        (descriptor, platforms) = await Images.LookIntoRegistryAsync($"{registry.Authority}/b:1", null, Stop);
        Assert.Equal((index, 2), (descriptor.Digest, platforms.Count));
        Assert.Empty(Images.List());
        var failure = await Assert.ThrowsAsync<EngineException>(() =>
            Images.LookIntoRegistryAsync($"{registry.Authority}/a:9", null, Stop)
        );
        Assert.Equal(ErrorKind.NotFound, failure.Kind);
    }
}
