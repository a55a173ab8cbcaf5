// The verbs on images: finding, tagging, removing, and what the collector takes.
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public sealed class ImageServiceTests : StoreFixture
{
    static ImageUser? Nobody(Digest image) => null;

    Task<ImageRemoval> RemoveAsync(string name, bool force = false, ImageUser? user = null) =>
        Images.RemoveAsync(name, force, _ => user, Stop);

    static readonly string Container = new('c', 64);

    async Task<string> RefusedAsync(string name, bool force = false, ImageUser? user = null)
    {
        var e = await Assert.ThrowsAsync<EngineException>(() => RemoveAsync(name, force, user));
        Assert.Equal(ErrorKind.Conflict, e.Kind);
        return e.Message;
    }

    [Fact]
    public async Task Finds_by_every_form_of_name_and_by_prefixes_of_the_id()
    {
        var image = await ImportAsync("app");
        foreach (
            string name in (string[])
                [
                    "app",
                    "app:latest",
                    "library/app",
                    "docker.io/app",
                    "index.docker.io/library/app:latest",
                    image.Id.ToString(),
                    image.Id.Hex,
                    image.Id.Hex[..12],
                    "sha256:" + image.Id.Hex[..5],
                ]
        )
            Assert.Equal(image.Id, Images.Find(name)?.Id);
        foreach (string name in (string[])["app:other", "ap", "other/app", "localhost/app", new string('0', 64)])
            Assert.Null(Images.Find(name));
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<EngineException>(() => Images.Find("App!")).Kind);
    }

    [Fact]
    public async Task An_ambiguous_prefix_is_an_error()
    {
        // Seventeen ids share a first digit somewhere.
        for (int i = 0; i < 17; i++)
            await ImportAsync(null, $"f{i}");
        var first = Images.List().GroupBy(i => i.Id.Hex[0]).First(g => g.Count() > 1).Key;
        var e = Assert.Throws<EngineException>(() => Images.Find($"{first}"));
        Assert.Equal($"multiple IDs found with provided prefix: {first}", e.Message);
    }

    [Fact]
    public async Task Names_survive_a_restart_and_move_between_images()
    {
        var a = await ImportAsync("app", "a");
        await Images.TagAsync("app", "registry.example/b:1", Stop);
        var b = await ImportAsync("app", "b");
        await ReopenAsync();
        Assert.Equal(b.Id, Images.Find("app")!.Id);
        Assert.Equal(["registry.example/b:1"], Images.Find(a.Id.Hex)!.Tags);
        Assert.Equal(2, Images.List().Count);
    }

    [Fact]
    public async Task Tags_only_what_is_there_and_only_with_tags()
    {
        await ImportAsync("app");
        var e = await Assert.ThrowsAsync<EngineException>(() => Images.TagAsync("missing", "x", Stop));
        Assert.Equal((ErrorKind.NotFound, "No such image: missing:latest"), (e.Kind, e.Message));
        foreach (string name in (string[])["UPPER", "a:b:c", "app@sha256:" + new string('0', 64)])
            Assert.Equal(
                ErrorKind.InvalidParameter,
                (await Assert.ThrowsAsync<EngineException>(() => Images.TagAsync("app", name, Stop))).Kind
            );
    }

    [Fact]
    public async Task Removing_the_last_name_deletes_the_image_and_all_of_it()
    {
        var image = await ImportAsync("app");
        var removal = await RemoveAsync("app");
        Assert.Equal(["app:latest"], removal.Untagged);
        Assert.Equal([image.Id, image.Config.RootFs.DiffIds[0]], removal.Deleted);
        Assert.Empty(Images.List());
        Assert.Empty(Blobs());
        Assert.Empty(SnapshotDirectories());
        await ReopenAsync();
        Assert.Empty(Images.List());
    }

    [Fact]
    public async Task Removing_one_of_two_names_only_untags()
    {
        await ImportAsync("app");
        await Images.TagAsync("app", "app:2", Stop);
        var removal = await RemoveAsync("app:2");
        Assert.Equal((1, 0), (removal.Untagged.Count, removal.Deleted.Count));
        Assert.NotNull(Images.Find("app"));
        Assert.Equal("No such image: app:2", (await Assert.ThrowsAsync<EngineException>(() => RemoveAsync("app:2"))).Message);
    }

    [Fact]
    public async Task Removing_by_id_takes_the_names_of_one_repository_only()
    {
        var image = await ImportAsync("app");
        await Images.TagAsync("app", "other", Stop);
        string id = image.Id.Hex[..12];
        Assert.Equal(
            $"conflict: unable to delete {id} (must be forced) - image is referenced in multiple repositories",
            await RefusedAsync(id)
        );
        var removal = await RemoveAsync(id, force: true);
        Assert.Equal(["app:latest", "other:latest"], removal.Untagged.Order());
        Assert.Empty(Images.List());
        await ImportAsync("app");
        Assert.Single((await RemoveAsync(Images.Find("app")!.Id.ToString())).Untagged);
    }

    [Fact]
    public async Task Digests_of_a_repository_go_with_its_last_tag()
    {
        var image = await ImportAsync("registry.example/app");
        Images.Store.Add(image, [Reference.Parse($"registry.example/app@{image.Manifest.Digest}")]);
        Assert.Equal(image.Id, Images.Find($"registry.example/app@{image.Manifest.Digest}")!.Id);
        var removal = await RemoveAsync("registry.example/app");
        Assert.Equal(2, removal.Untagged.Count);
        Assert.Empty(Images.List());
    }

    [Fact]
    public async Task Containers_stand_against_removal()
    {
        var image = await ImportAsync("app");
        string id = image.Id.Hex[..12];
        var running = new ImageUser(Container, IsRunning: true);
        var stopped = new ImageUser(Container, IsRunning: false);
        string byName =
            $"conflict: unable to remove repository reference \"app\" (must force) - container cccccccccccc is using its referenced image {id}";
        Assert.Equal(byName, await RefusedAsync("app", user: running));
        Assert.Equal(byName, await RefusedAsync("app", user: stopped));
        Assert.Equal(
            $"conflict: unable to delete {id} (must be forced) - image is being used by stopped container cccccccccccc",
            await RefusedAsync(id, user: stopped)
        );
        Assert.Equal(
            $"conflict: unable to delete {id} (cannot be forced) - image is being used by running container cccccccccccc",
            await RefusedAsync(id, force: true, user: running)
        );
        Assert.Equal(["app:latest"], Images.Find("app")!.Tags.Select(t => Reference.Parse(t).Familiar));

        // By name and forced, the name goes and the image stays.
        var removal = await RemoveAsync("app", force: true, user: running);
        Assert.Equal((1, 0), (removal.Untagged.Count, removal.Deleted.Count));
        Assert.Empty(Images.Find(id)!.Tags);
    }

    [Fact]
    public async Task The_layers_below_a_stopped_container_outlive_their_image()
    {
        var image = await ImportAsync("app");
        var snapshot = Images.Snapshots.Prepare("c1", image);
        await RemoveAsync("app", force: true, user: new ImageUser(Container, IsRunning: false));
        Assert.Empty(Images.List());
        Assert.True(Directory.Exists(snapshot.Lowers[0]));
        await ReopenAsync();
        Assert.True(Directory.Exists(snapshot.Lowers[0]));
        Images.Snapshots.Remove("c1");
        await ReopenAsync();
        Assert.Empty(SnapshotDirectories());
    }

    [Fact]
    public async Task Shared_layers_are_kept_once_and_as_long_as_anyone_has_them()
    {
        var a = await ImportAsync("a", "same");
        await ImportAsync("b", "same", "ENV x=y");
        Assert.Single(SnapshotDirectories());
        var removal = await RemoveAsync("a");
        Assert.Equal([a.Id], removal.Deleted);
        Assert.Single(SnapshotDirectories());
        Assert.NotNull(Images.Find("b"));
    }

    [Fact]
    public async Task The_collector_keeps_what_an_operation_in_flight_holds()
    {
        await ImportAsync("app");
        Digest blob;
        using (var lease = Images.Content.OpenLease())
        {
            blob = Images.Content.Write("in flight"u8, lease);
            await RemoveAsync("app");
            Assert.True(Images.Content.Contains(blob));
        }
        await ImportAsync("app");
        await RemoveAsync("app");
        Assert.False(Images.Content.Contains(blob));
    }

    [Fact]
    public async Task Imports_and_removals_at_once_never_break_an_image()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 24),
            new ParallelOptions { MaxDegreeOfParallelism = 6, CancellationToken = Stop },
            async (i, _) =>
            {
                string name = $"app{i % 6}";
                await ImportAsync(name, $"file{i % 3}", $"LABEL n={i}");
                if (i % 2 == 0 && Images.Find(name) is not null)
                    await Images.RemoveAsync(name, true, Nobody, Stop).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        );
        foreach (var image in Images.List())
        {
            Assert.True(Images.Content.Contains(image.Id));
            Assert.True(Images.Content.Contains(image.Layers[0].Digest));
            Assert.True(Images.Snapshots.Contains(image.Config.RootFs.DiffIds[0]));
        }
        int before = Images.List().Count;
        await ReopenAsync();
        Assert.Equal(before, Images.List().Count);
    }

    [Fact]
    public async Task The_content_is_an_image_layout_that_names_its_images()
    {
        var image = await ImportAsync("app");
        string index = File.ReadAllText(Path.Combine(Layout.Content, "index.json"));
        Assert.Contains(image.Manifest.Digest.ToString(), index, StringComparison.Ordinal);
        Assert.Contains("\"io.containerd.image.name\":\"docker.io/library/app:latest\"", index, StringComparison.Ordinal);
        await RemoveAsync("app");
        Assert.Contains(
            "\"manifests\":[]",
            File.ReadAllText(Path.Combine(Layout.Content, "index.json")),
            StringComparison.Ordinal
        );
    }
}
