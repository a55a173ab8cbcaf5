// Layers and writable layers: made, found, repaired, removed.
using System.Security.Cryptography;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;
using Skiff.Linux.Files;
using Skiff.Oci.Names;
using Skiff.Tests.Oci.Layers;
using Xunit;
using static Skiff.Tests.Oci.Layers.Tars;

namespace Skiff.Tests.Engine.Images;

public sealed class SnapshotterTests : StoreFixture
{
    Snapshotter Snapshots => Images.Snapshots;

    static Digest Hash(byte[] bytes) => Digest.FromSha256(SHA256.HashData(bytes));

    Digest Unpack(Digest? parent, params byte[][] parts)
    {
        byte[] archive = Archive(parts);
        using var unpack = Snapshots.BeginUnpack(ChainId.Join(parent, Hash(archive)), parent);
        var layer = unpack.Apply(new MemoryStream(archive), Stop);
        Assert.Equal(Hash(archive), layer.DiffId);
        return unpack.Commit(layer.DiffId);
    }

    string Path_(Digest chainId, string name) => Path.Combine(Layout.Snapshots, chainId.Hex, "fs", name);

    static FileStatus Status(string path)
    {
        using var fd = SafePath.OpenRoot(path);
        return FileAt.Status(fd);
    }

    [Fact]
    public async Task A_committed_layer_is_there_and_stays()
    {
        var chain = Unpack(null, Entry("f", contents: "12345"));
        Assert.True(Snapshots.Contains(chain));
        Assert.Equal(5, Snapshots.Size(chain));
        Assert.Equal("12345", File.ReadAllText(Path_(chain, "f")));
        Assert.Empty(await ScratchAsync());
    }

    [Fact]
    public async Task A_layer_with_another_diff_id_is_refused_naming_both()
    {
        byte[] archive = Archive(Entry("f"));
        var wanted = Hash([1]);
        using (var unpack = Snapshots.BeginUnpack(null))
        {
            unpack.Apply(new MemoryStream(archive), Stop);
            var e = Assert.Throws<EngineException>(() => unpack.Commit(wanted));
            Assert.Equal(
                (ErrorKind.DataLoss, $"layer digest mismatch: expected {wanted}, got {Hash(archive)}"),
                (e.Kind, e.Message)
            );
        }
        Assert.Empty(SnapshotDirectories());
        Assert.Empty(await ScratchAsync());
    }

    [Fact]
    public async Task A_broken_layer_leaves_nothing()
    {
        byte[] archive = Archive(Entry("f", contents: new string('x', 5000)))[..3000];
        using (var unpack = Snapshots.BeginUnpack(null))
        {
            var e = Assert.Throws<EngineException>(() => unpack.Apply(new MemoryStream(archive), Stop));
            Assert.Equal(ErrorKind.InvalidParameter, e.Kind);
            Assert.StartsWith("cannot unpack the layer: ", e.Message, StringComparison.Ordinal);
        }
        Assert.Empty(SnapshotDirectories());
        Assert.Empty(await ScratchAsync());
    }

    [Fact]
    public void A_layer_needs_those_below_it()
    {
        using var unpack = Snapshots.BeginUnpack(Hash([1]));
        var layer = unpack.Apply(new MemoryStream(Archive(Entry("f"))), Stop);
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<EngineException>(() => unpack.Commit(layer.DiffId)).Kind);
    }

    [Fact]
    public async Task Two_unpackings_of_one_layer_both_succeed()
    {
        byte[] archive = Archive(Entry("f"));
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        using var unpack = Snapshots.BeginUnpack(null);
                        unpack.Apply(new MemoryStream(archive), Stop);
                        unpack.Commit(Hash(archive));
                    })
                )
        );
        Assert.Equal([Hash(archive).Hex], SnapshotDirectories());
    }

    [Fact]
    public void Directories_that_a_layer_does_not_describe_look_like_those_below()
    {
        var bottom = Unpack(
            null,
            Entry("./", '5', mode: 0x1c8),
            Pax('x', ("uid", "55"), ("SCHILY.xattr.user.k", "v"), ("mtime", "1234.5")),
            Entry("a/", '5', mode: 0x3f8),
            Entry("a/b/", '5', mode: 0x1c0),
            Entry("gone/", '5', mode: 0x1c0)
        );
        var middle = Unpack(bottom, Entry("other"), Entry(".wh.gone"));
        var top = Unpack(middle, Entry("a/b/file"), Entry("gone/file"), Entry("new/file"));

        Assert.Equal(0x1c8u, Status(Path_(middle, "")).Mode);
        Assert.Equal(0x1c8u, Status(Path_(top, "")).Mode);
        var a = Status(Path_(top, "a"));
        Assert.Equal((0x3f8u, 55u, new FileTime(1234, 500_000_000)), (a.Mode, a.Uid, a.Modification));
        Assert.Equal(0x1c0u, Status(Path_(top, "a/b")).Mode);
        // Removed in between, or never there: as a new directory.
        Assert.Equal(0x1edu, Status(Path_(top, "gone")).Mode);
        Assert.Equal(0x1edu, Status(Path_(top, "new")).Mode);
        using var fd = SafePath.OpenRoot(Path_(top, "a"));
        Assert.Equal("v"u8, Xattr.Get(fd, "user.k"u8)!);
    }

    [Fact]
    public async Task Prepares_a_writable_layer_that_looks_like_the_image()
    {
        var image = await ImportAsync("a");
        using (var root = SafePath.OpenRoot(Path.Combine(Layout.Snapshots, image.Config.RootFs.DiffIds[0].Hex, "fs")))
        {
            FileAt.SetOwner(root, "."u8, 7, 8);
            FileAt.SetMode(root, "."u8, 0x3ff);
        }
        var snapshot = Snapshots.Prepare("c1", image);
        Assert.Equal([Path.Combine(Layout.Snapshots, image.Config.RootFs.DiffIds[0].Hex, "fs")], snapshot.Lowers);
        var upper = Status(snapshot.Upper);
        Assert.Equal((0x3ffu, 7u, 8u), (upper.Mode, upper.Uid, upper.Gid));
        Assert.True(Directory.Exists(snapshot.Work));
        Assert.Equal(snapshot.Upper, Snapshots.Find("c1")!.Upper);
        Assert.Equal(
            new JournalEntry("c1", ResourceKind.Directory, Path.Combine(Layout.Snapshots, "c1")),
            Assert.Single(new Journal(Database).All())
        );
        Assert.Equal(ErrorKind.Conflict, Assert.Throws<EngineException>(() => Snapshots.Prepare("c1", image)).Kind);

        await ReopenAsync();
        Assert.Equal(snapshot.Lowers, Snapshots.Find("c1")!.Lowers);
    }

    [Fact]
    public async Task Removes_a_writable_layer_with_its_records()
    {
        var image = await ImportAsync("a");
        File.WriteAllText(Path.Combine(Snapshots.Prepare("c1", image).Upper, "f"), "");
        Snapshots.Remove("c1");
        Assert.Null(Snapshots.Find("c1"));
        Assert.False(Directory.Exists(Path.Combine(Layout.Snapshots, "c1")));
        Assert.Empty(new Journal(Database).All());
        Assert.Empty(await ScratchAsync());
        Snapshots.Remove("c1");
        Snapshots.Remove("never");
        Snapshots.Prepare("c1", image);
    }

    [Fact]
    public void An_image_without_layers_stands_on_an_empty_one()
    {
        var image = new Image
        {
            Id = Hash([1]),
            Manifest = null!,
            Layers = [],
            Size = 0,
            Config = new()
            {
                Architecture = "amd64",
                OS = "linux",
                RootFs = new() { Type = "layers", DiffIds = [] },
            },
        };
        Assert.Empty(Directory.EnumerateFileSystemEntries(Assert.Single(Snapshots.Prepare("c", image).Lowers)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("empty")]
    public async Task Refuses_keys_that_are_no_names(string key)
    {
        var image = await ImportAsync("a");
        Assert.Throws<ArgumentException>(() => Snapshots.Prepare(key, image));
        Assert.Throws<ArgumentException>(() => Snapshots.Remove(key));
    }

    [Fact]
    public async Task A_start_repairs_what_a_crash_left()
    {
        var image = await ImportAsync("kept");
        Snapshots.Prepare("kept", image);
        Snapshots.Prepare("lost", image);
        // Directories without a row, a row without a directory, and half done things in scratch.
        Directory.CreateDirectory(Path.Combine(Layout.Snapshots, new string('a', 64), "fs"));
        Directory.CreateDirectory(Path.Combine(Layout.Snapshots, "stray", "upper"));
        Directory.Delete(Path.Combine(Layout.Snapshots, "lost"), recursive: true);
        Directory.CreateDirectory(Path.Combine(Layout.Scratch, "unpack", "x", "fs", "deep"));
        File.WriteAllText(Path.Combine(Layout.Scratch, "ingest", "partial"), "");
        File.WriteAllText(Path.Combine(Layout.Content, "blobs", "sha256", new string('b', 64)), "not referred to");

        await ReopenAsync();
        Assert.Equal(new[] { image.Config.RootFs.DiffIds[0].Hex, "kept" }.Order(), SnapshotDirectories().Order());
        Assert.Null(Snapshots.Find("lost"));
        Assert.Equal("kept", Assert.Single(new Journal(Database).All()).Owner);
        Assert.Empty(await ScratchAsync());
        Assert.DoesNotContain(new string('b', 64), Blobs());
        Assert.NotNull(Images.Find("kept"));
    }

    [Fact]
    public async Task A_start_unpacks_again_what_a_listed_image_lacks()
    {
        var image = await ImportAsync("a");
        TreeRemoval.Remove(Path.Combine(Layout.Snapshots, image.Config.RootFs.DiffIds[0].Hex));
        await ReopenAsync();
        Assert.NotNull(Images.Find("a"));
        Assert.True(File.Exists(Path_(image.Config.RootFs.DiffIds[0], "file")));

        TreeRemoval.Remove(Path.Combine(Layout.Snapshots, image.Config.RootFs.DiffIds[0].Hex));
        File.Delete(Path.Combine(Layout.Content, "blobs", "sha256", image.Layers[0].Digest.Hex));
        await ReopenAsync();
        Assert.Null(Images.Find("a"));
        Assert.Empty(Images.List());
    }

    string Record(Digest chainId) =>
        Assert.Single(Database.Read("SELECT record FROM snapshots WHERE key = ?1", r => r.GetString(0), chainId.ToString()));

    static string Boot => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>As if the machine had been switched off since the layer was written.</summary>
    void SwitchOff(Digest chainId, string record) =>
        Database.Write(
            "UPDATE snapshots SET record = ?2 WHERE key = ?1",
            chainId.ToString(),
            record.Replace(Boot, "another", StringComparison.Ordinal)
        );

    [Fact]
    public async Task The_layers_of_an_image_are_written_to_the_disk_soon()
    {
        var layer = Unpack(null, Entry("f"));
        Assert.Contains(Boot, Record(layer), StringComparison.Ordinal);
        var image = await ImportAsync("a");
        await Snapshots.SyncedAsync();
        Assert.DoesNotContain(Boot, Record(image.Config.RootFs.DiffIds[0]), StringComparison.Ordinal);
        // One sync is for all that was written until then.
        Assert.DoesNotContain(Boot, Record(layer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_that_was_not_on_the_disk_when_the_power_failed_is_removed_with_those_above()
    {
        var bottom = Unpack(null, Entry("f"));
        var top = Unpack(bottom, Entry("g"));
        string unsynced = Record(bottom);
        // A mere kill of the engine loses nothing.
        await using (var next = new Snapshotter(Layout, Database))
            Assert.True(next.Contains(bottom) && next.Contains(top));

        SwitchOff(bottom, unsynced);
        await using (var next = new Snapshotter(Layout, Database))
            Assert.False(next.Contains(bottom) || next.Contains(top));
        Assert.Empty(SnapshotDirectories());
        Assert.Empty(Database.Read("SELECT key FROM snapshots", r => r.GetString(0)));
    }

    [Fact]
    public async Task A_layer_damaged_by_a_power_failure_is_unpacked_again_for_its_image()
    {
        var layer = Unpack(null, Entry("./", '5', mode: 0x1ed), Entry("file", contents: "contents of file"));
        string unsynced = Record(layer);
        var image = await ImportAsync("a");
        Assert.Equal(layer, image.Config.RootFs.DiffIds[0]);
        await Snapshots.SyncedAsync();
        SwitchOff(layer, unsynced);
        File.WriteAllText(Path_(layer, "file"), "");

        await ReopenAsync();
        Assert.NotNull(Images.Find("a"));
        Assert.Equal("contents of file", File.ReadAllText(Path_(layer, "file")));
        await Snapshots.SyncedAsync();
        Assert.DoesNotContain(Boot, Record(layer), StringComparison.Ordinal);
    }
}
