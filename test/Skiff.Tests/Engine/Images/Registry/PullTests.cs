// Pulls into a real store on disk, from registries that behave and that do not.
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Skiff.Engine;
using Skiff.Engine.Events;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;
using Skiff.Oci.Images;
using Skiff.Oci.Names;
using Xunit;
using static Skiff.Tests.Engine.Images.Registry.SampleImages;

namespace Skiff.Tests.Engine.Images.Registry;

public sealed class PullTests : IAsyncLifetime
{
    static readonly string Machine = EngineOptions.HostPlatform.Architecture;
    static readonly string Foreign = Machine == "amd64" ? "arm64" : "amd64";

    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("skiff-pull-");
    readonly ConcurrentQueue<TransferProgress> steps = new();
    FaultyRegistry registry = null!;
    Database database = null!;
    ImageService images = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await FaultyRegistry.StartAsync();
        var layout = new StateLayout(root.FullName, Path.Combine(root.FullName, "run"));
        database = new Database(layout.Database);
        images = Service(new EngineOptions { DataRoot = root.FullName });
    }

    ImageService Service(EngineOptions options) =>
        new(options, new StateLayout(root.FullName, Path.Combine(root.FullName, "run")), database, new EventBus());

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        database.Dispose();
        root.Delete(recursive: true);
    }

    string Name(string path) => $"{registry.Authority}/{path}";

    Task<Image> Pull(string path, string? platform = null) =>
        images.PullAsync(Name(path), PlatformOf(platform), null, steps.Enqueue, Stop);

    static Platform? PlatformOf(string? architecture) =>
        architecture is null ? null : new Platform { OS = "linux", Architecture = architecture };

    async Task<EngineException> Refused(string path, string? platform = null)
    {
        var failure = await Assert.ThrowsAsync<EngineException>(() => Pull(path, platform));
        Assert.Empty(images.List());
        return failure;
    }

    [Fact]
    public async Task Pulls_the_layers_of_the_platform_that_runs_here()
    {
        byte[][] tars = [Tar("a"), Tar("b")];
        var mine = Add(registry, null, Machine, tars);
        var index = AddIndex(registry, "a/b:1", Add(registry, null, Foreign, Tar("c")), mine);

        var image = await Pull("a/b:1");
        Assert.Equal(tars.Select(Hash), image.Config.RootFs.DiffIds);
        Assert.Equal(mine.Digest, image.Manifest.Digest);
        Assert.Equal([Name("a/b:1")], image.Tags);
        Assert.Equal([Name($"a/b@{index}")], image.RepoDigests);
        Assert.All(image.Layers, l => Assert.True(images.Content.Contains(l.Digest)));
        Assert.True(images.Snapshots.Contains(ChainId.Compute(image.Config.RootFs.DiffIds)[^1]));
        Assert.Equal(image.Id, Assert.Single(images.List()).Id);

        var ids = image.Layers.Select(l => l.Digest.Hex[..12]).ToList();
        Assert.Equal(("1", "Pulling from a/b"), (steps.First().Id, steps.First().Status));
        Assert.Equal(ids, steps.Skip(1).Take(2).Where(s => s.Status == "Pulling fs layer").Select(s => s.Id));
        Assert.Equal(
            ["Pulling fs layer", "Downloading", "Verifying Checksum", "Download complete", "Extracting", "Pull complete"],
            steps.Where(s => s.Id == ids[0]).Select(s => s.Status).Where(s => s != "Waiting").Distinct()
        );
        Assert.Equal(
            [$"Digest: {index}", $"Status: Downloaded newer image for {Name("a/b:1")}"],
            steps.TakeLast(2).Select(s => s.Status)
        );
    }

    [Fact]
    public async Task Fetches_nothing_twice()
    {
        var shared = Tar("shared");
        Add(registry, "a:1", Machine, shared, Tar("x"));
        Add(registry, "b:1", Machine, shared, Tar("y"));
        await Pull("a:1");
        var before = registry.Count("GET /v2/a/blobs");
        await Pull("a:1");
        Assert.Equal(before, registry.Count("GET /v2/a/blobs"));
        Assert.Equal($"Status: Image is up to date for {Name("a:1")}", steps.Last().Status);

        steps.Clear();
        await Pull("b:1");
        Assert.Equal("Already exists", steps.ElementAt(1).Status);
        Assert.Equal(2, registry.Count("GET /v2/b/blobs"));
    }

    [Fact]
    public async Task Reads_docker_manifests_and_zstd_and_plain_layers()
    {
        byte[][] tars = [Tar("a"), Tar("b"), Tar("c")];
        AddPacked(
            registry,
            "a:1",
            Machine,
            [
                (tars[0], Zstd(tars[0]), MediaTypes.OciLayerZstd),
                (tars[1], tars[1], MediaTypes.DockerLayer),
                (tars[2], Gzip(tars[2]), MediaTypes.DockerLayerGzip),
            ],
            docker: true
        );
        var image = await Pull("a:1");
        Assert.Equal(MediaTypes.DockerManifest, image.Manifest.MediaType);
        Assert.Equal(3, image.Layers.Count);
    }

    [Fact]
    public async Task Pulls_another_platform_when_asked()
    {
        AddIndex(registry, "a:1", Add(registry, null, Foreign, Tar("a")), Add(registry, null, Machine, Tar("b")));
        Assert.Equal(Foreign, (await Pull("a:1", Foreign)).Config.Architecture);
    }

    [Fact]
    public async Task Says_that_no_platform_suits()
    {
        AddIndex(registry, "a:1", Add(registry, null, "s390x", Tar("a")));
        var failure = await Refused("a:1");
        Assert.Equal(ErrorKind.NotFound, failure.Kind);
        Assert.Equal($"no matching manifest for linux/{Machine} in the manifest list entries", failure.Message);

        Add(registry, "b:1", Machine, Tar("a"));
        failure = await Refused("b:1", Foreign);
        Assert.EndsWith(
            $"was found but its platform (linux/{Machine}) does not match the specified platform (linux/{Foreign})",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Says_what_is_missing_in_dockers_words()
    {
        var failure = await Refused("a/b:none");
        Assert.Equal(ErrorKind.NotFound, failure.Kind);
        Assert.Equal($"manifest for {Name("a/b:none")} not found: manifest unknown: manifest unknown", failure.Message);

        registry.Intercept = async context =>
        {
            await FaultyRegistry.RefuseAsync(context, 403, "DENIED", "requested access to the resource is denied");
            return true;
        };
        failure = await Refused("a/b:1");
        Assert.Equal(ErrorKind.NotFound, failure.Kind);
        Assert.Equal(
            $"pull access denied for {Name("a/b")}, repository does not exist or may require 'docker login': "
                + "denied: requested access to the resource is denied",
            failure.Message
        );
    }

    [Fact]
    public async Task Refuses_schema_1_and_what_is_no_image()
    {
        registry.Content["a:1"] = ("""{"schemaVersion":1,"fsLayers":[]}"""u8.ToArray(), MediaTypes.DockerSchema1Signed);
        Assert.Contains("schema 1", (await Refused("a:1")).Message, StringComparison.Ordinal);

        var blob = registry.AddBlob("{}"u8.ToArray(), MediaTypes.OciEmpty);
        var artifact =
            $$"""{"schemaVersion":2,"config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{blob.Digest}}","size":2},"layers":[]}""";
        registry.Content["b:1"] = (System.Text.Encoding.UTF8.GetBytes(artifact), MediaTypes.OciManifest);
        Assert.StartsWith("this is not an image", (await Refused("b:1")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keeps_nothing_of_a_layer_that_is_another_one(bool sameSize)
    {
        var bad = Tar("bad");
        var manifest = Add(registry, "a:1", Machine, Tar("good"), bad);
        var layer = System
            .Text.Json.JsonSerializer.Deserialize(registry.Content[manifest.Digest.ToString()].Bytes, OciJson.Default.Manifest)!
            .Layers[1];
        var bytes = (byte[])registry.Content[layer.Digest.ToString()].Bytes.Clone();
        bytes[^20] ^= 1;
        registry.Content[layer.Digest.ToString()] = (sameSize ? bytes : bytes[..^1], layer.MediaType);

        var failure = await Refused("a:1");
        Assert.Equal(ErrorKind.DataLoss, failure.Kind);
        Assert.Contains(layer.Digest.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.False(images.Content.Contains(layer.Digest));

        registry.Content[layer.Digest.ToString()] = (Gzip(bad), layer.MediaType);
        if (sameSize)
            await Pull("a:1");
    }

    [Fact]
    public async Task Keeps_nothing_of_a_layer_with_another_diff_id()
    {
        AddPacked(registry, "a:1", Machine, [(Tar("said"), Gzip(Tar("sent")), MediaTypes.OciLayerGzip)]);
        Assert.Equal(ErrorKind.DataLoss, (await Refused("a:1")).Kind);
    }

    [Fact]
    public async Task Two_pulls_at_once_fetch_every_blob_once()
    {
        var twice = Tar("twice");
        Add(registry, "a:1", Machine, twice, Tar("other"), twice);
        Add(registry, "b:1", Machine, twice, Tar("third"));
        await Task.WhenAll(Pull("a:1"), Pull("a:1"), Pull("b:1"), Pull("b:1"), Pull("a:1"));
        Assert.Equal(2, images.List().Count);
        var fetched = registry.Requests.Where(r => r.Contains("/blobs/", StringComparison.Ordinal)).Select(r => r.Split('/')[^1]);
        var layers = images.List().SelectMany(i => i.Layers).Select(l => l.Digest.ToString()).ToHashSet();
        Assert.Equal(layers.Count, fetched.Count(layers.Contains));
    }

    /// <summary>Pulls "a:1", of one large layer, and gives up when the registry has sent 600,000 bytes of it.</summary>
    async Task<FileInfo> PullAPartAsync()
    {
        var tar = Tar("large", 1_000_000);
        Add(registry, "a:1", Machine, tar);
        var whole = Gzip(tar);
        var sent = new TaskCompletionSource();
        var isFirst = true;
        registry.Intercept = async context =>
        {
            if (!isFirst || !context.Request.Path.Value!.EndsWith(Hash(whole).ToString(), StringComparison.Ordinal))
                return false;
            isFirst = false;
            context.Response.ContentLength = whole.Length;
            await context.Response.Body.WriteAsync(whole.AsMemory(0, 600_000));
            await context.Response.Body.FlushAsync();
            await sent.Task;
            return true;
        };
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var pull = images.PullAsync(Name("a:1"), null, null, steps.Enqueue, cancel.Token);
        var partial = new FileInfo(Path.Combine(root.FullName, "tmp", "ingest", Hash(whole).Hex));
        while (!partial.Exists || partial.Length < 600_000)
        {
            await Task.Yield();
            partial.Refresh();
        }
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        sent.SetResult();
        Assert.Empty(images.List());
        Assert.False(images.Content.Contains(Hash(whole)));
        return partial;
    }

    [Fact]
    public async Task A_cancelled_pull_lists_nothing_and_is_continued_later()
    {
        await PullAPartAsync();
        await Pull("a:1");
        Assert.Contains(registry.Requests, r => r.EndsWith("bytes=600000-", StringComparison.Ordinal));
        Assert.Single(images.List());
    }

    [Fact]
    public async Task The_next_engine_continues_what_the_last_one_left()
    {
        var partial = await PullAPartAsync();
        var stray = Path.Combine(partial.DirectoryName!, "stray");
        await File.WriteAllTextAsync(stray, "of a blob without a name", Stop);
        await images.DisposeAsync();
        images = Service(new EngineOptions { DataRoot = root.FullName });
        Assert.False(File.Exists(stray));
        await Pull("a:1");
        Assert.Contains(registry.Requests, r => r.EndsWith("bytes=600000-", StringComparison.Ordinal));
        Assert.Single(images.List());
    }

    [Fact]
    public async Task A_spoilt_part_of_a_layer_is_fetched_again()
    {
        var partial = await PullAPartAsync();
        await using (var file = partial.OpenWrite())
            file.Write(new byte[4096]);
        await Pull("a:1");
        Assert.Contains(registry.Requests, r => r.EndsWith("bytes=600000-", StringComparison.Ordinal));
        Assert.Single(images.List());
        Assert.False(File.Exists(partial.FullName));
    }

    [Fact]
    public async Task Forgets_the_part_of_a_layer_after_a_week()
    {
        var partial = await PullAPartAsync();
        partial.LastWriteTimeUtc = DateTime.UtcNow.AddDays(-8);
        await images.DisposeAsync();
        images = Service(new EngineOptions { DataRoot = root.FullName });
        Assert.False(File.Exists(partial.FullName));
    }

    [Fact]
    public async Task One_cancelled_pull_does_not_stop_another_of_the_same_layer()
    {
        var tar = Tar("shared", 1_000_000);
        Add(registry, "a:1", Machine, tar);
        var go = new TaskCompletionSource();
        registry.Intercept = async context =>
        {
            if (context.Request.Path.Value!.EndsWith(Hash(Gzip(tar)).ToString(), StringComparison.Ordinal))
                await go.Task;
            return false;
        };
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var both = new CountdownEvent(2);
        var waiting = new TaskCompletionSource();
        void Seen(TransferProgress step)
        {
            if (step.Status == "Downloading" && both.Signal())
                waiting.TrySetResult();
        }
        var first = images.PullAsync(Name("a:1"), null, null, OnlyOnce(Seen), cancel.Token);
        var second = images.PullAsync(Name("a:1"), null, null, OnlyOnce(Seen), Stop);
        await waiting.Task.WaitAsync(Stop);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.SetResult();
        await second;
        Assert.Single(images.List());
    }

    static Action<TransferProgress> OnlyOnce(Action<TransferProgress> tell)
    {
        var told = false;
        return step =>
        {
            if (told || step.Status != "Downloading")
                return;
            told = true;
            tell(step);
        };
    }

    [Fact]
    public async Task A_mirror_may_hold_repositories_under_a_name_of_its_own()
    {
        Add(registry, "proxy/team/app:1", Machine, Tar("a"));
        var mirror = new RegistryMirror("r.example", new Uri(registry.Address, "v2/proxy"));
        await images.DisposeAsync();
        images = Service(new EngineOptions { DataRoot = root.FullName, RegistryMirrors = [mirror] });
        var image = await images.PullAsync("r.example/team/app:1", null, null, steps.Enqueue, Stop);
        Assert.Equal(["r.example/team/app:1"], image.Tags);
        Assert.Contains(registry.Requests, r => r.StartsWith("GET /v2/proxy/team/app/manifests/1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Falls_back_from_a_dead_mirror_to_the_next()
    {
        var dead = await FaultyRegistry.StartAsync();
        var address = dead.Address;
        await dead.DisposeAsync();
        await using var broken = await FaultyRegistry.StartAsync();
        var manifest = Add(broken, "library/debian:latest", Machine, Tar("a"));
        foreach (var (key, content) in broken.Content)
        {
            registry.Content[key] = content;
            if (content.Type == MediaTypes.OciLayerGzip)
                broken.Content[key] = (content.Bytes[..100], content.Type);
        }
        using var _ = database;
        images = Service(
            new EngineOptions
            {
                DataRoot = root.FullName,
                RegistryMirrors =
                [
                    .. new[] { address, broken.Address, registry.Address }.Select(a => new RegistryMirror("docker.io", a)),
                ],
            }
        );
        var image = await images.PullAsync("debian", null, null, steps.Enqueue, Stop);
        Assert.Equal(["docker.io/library/debian:latest"], image.Tags);
        Assert.Equal([$"docker.io/library/debian@{manifest.Digest}"], image.RepoDigests);
        Assert.Equal("Status: Downloaded newer image for debian:latest", steps.Last().Status);
        Assert.NotEmpty(registry.Requests);
    }

    [Fact]
    public async Task Pushes_what_it_pulled_byte_for_byte()
    {
        var manifest = Add(registry, "a:1", Machine, Tar("a"), Tar("b"));
        await Pull("a:1");
        await using var target = await FaultyRegistry.StartAsync();
        var name = $"{target.Authority}/new/repo:2";
        await images.TagAsync(Name("a:1"), name, Stop);

        var pushed = await images.PushAsync(name, null, null, steps.Enqueue, Stop);
        Assert.Equal((manifest.Digest, manifest.Size), pushed);
        Assert.Equal(registry.Content[manifest.Digest.ToString()], target.Content["new/repo:2"], SameContent);
        Assert.Equal(4, target.Content.Count(c => c.Key.StartsWith("sha256:", StringComparison.Ordinal)));
        Assert.Equal($"2: digest: {manifest.Digest} size: {manifest.Size}", steps.Last().Status);
        Assert.Contains($"{target.Authority}/new/repo@{manifest.Digest}", images.Find(name)!.RepoDigests);

        steps.Clear();
        await images.PushAsync(name, null, null, steps.Enqueue, Stop);
        Assert.Equal(2, steps.Count(s => s.Status == "Layer already exists"));
    }

    [Fact]
    public async Task Mounts_layers_that_the_registry_has_elsewhere()
    {
        Add(registry, "a:1", Machine, Tar("a"));
        await Pull("a:1");
        await images.TagAsync(Name("a:1"), Name("b:1"), Stop);
        registry.Intercept = context =>
        {
            context.Response.StatusCode = 404;
            return Task.FromResult(context.Request.Method == "HEAD");
        };
        await images.PushAsync(Name("b:1"), null, null, steps.Enqueue, Stop);
        Assert.Contains(steps, s => s.Status == "Mounted from a");
    }

    [Fact]
    public async Task Says_what_cannot_be_pushed()
    {
        var failure = await Assert.ThrowsAsync<EngineException>(() =>
            images.PushAsync(Name("a:1"), null, null, steps.Enqueue, Stop)
        );
        Assert.Equal($"An image does not exist locally with the tag: {Name("a")}", failure.Message);
        Add(registry, "a:1", Machine, Tar("a"));
        await Pull("a:1");
        failure = await Assert.ThrowsAsync<EngineException>(() => images.PushAsync(Name("a:2"), null, null, steps.Enqueue, Stop));
        Assert.Equal((ErrorKind.NotFound, $"tag does not exist: {Name("a:2")}"), (failure.Kind, failure.Message));
    }

    static bool SameContent((byte[] Bytes, string Type) a, (byte[] Bytes, string Type) b) =>
        a.Type == b.Type && a.Bytes.AsSpan().SequenceEqual(b.Bytes);
}
