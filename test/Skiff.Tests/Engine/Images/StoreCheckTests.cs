// What a check of the store finds, and what it mends.
using System.Diagnostics;
using Skiff.Engine.Images;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public sealed class StoreCheckTests : StoreFixture
{
    Task<StoreReport> Check(bool repair = false, ImageUser? user = null) => Images.CheckAsync(repair, _ => user, Stop);

    string BlobPath(Digest digest) => Path.Combine(Layout.Content, "blobs", "sha256", digest.Hex);

    string FileOf(Image image) =>
        Path.Combine(Layout.Snapshots, ChainId.Compute(image.Config.RootFs.DiffIds)[^1].Hex, "fs", "file");

    static void Spoil(string path)
    {
        using var file = File.OpenWrite(path);
        file.Write("spoilt"u8);
    }

    [Fact]
    public async Task A_sound_store_has_no_fault()
    {
        await ImportAsync("a");
        await ImportAsync("b", "other");
        var report = await Check();
        Assert.Empty(report.Faults);
        Assert.Equal((6, 2, 2), (report.Blobs, report.Layers, report.Images));
        Assert.True(report.Bytes > 4096);
    }

    [Fact]
    public async Task A_changed_file_of_a_layer_is_found_and_unpacked_again()
    {
        string path = FileOf(await ImportAsync("a"));
        string before = File.ReadAllText(path);
        var time = File.GetLastWriteTimeUtc(path);
        Spoil(path);
        File.SetLastWriteTimeUtc(path, time);

        var fault = Assert.Single((await Check()).Faults);
        Assert.EndsWith("differs from its blob: file: contents", fault.Problem, StringComparison.Ordinal);
        Assert.Null(fault.Repair);
        fault = Assert.Single((await Check(repair: true, new ImageUser("c", IsRunning: true))).Faults);
        Assert.Contains("a running container uses it", fault.Problem, StringComparison.Ordinal);
        Assert.Null(fault.Repair);

        Assert.Equal(
            "unpacked again",
            Assert.Single((await Check(repair: true, new ImageUser("c", IsRunning: false))).Faults).Repair
        );
        Assert.Equal(before, File.ReadAllText(path));
        Assert.Empty((await Check()).Faults);
        Assert.Empty(await ScratchAsync());
    }

    [Theory]
    [InlineData("file: missing")]
    [InlineData("more: not of the layer")]
    [InlineData("file: owner or mode")]
    [InlineData("file: time")]
    public async Task Every_difference_is_seen(string difference)
    {
        string path = FileOf(await ImportAsync("a"));
        if (difference == "file: missing")
            File.Delete(path);
        else if (difference == "more: not of the layer")
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(path)!, "more"), "");
        else if (difference == "file: time")
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        else
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.SetUser);
        Assert.EndsWith(difference, Assert.Single((await Check()).Faults).Problem, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single((await Check(repair: true)).Faults).Repair);
        Assert.Empty((await Check()).Faults);
    }

    [Fact]
    public async Task A_layer_whose_directory_is_gone_comes_back()
    {
        string path = FileOf(await ImportAsync("a"));
        Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(path))!, recursive: true);
        Assert.NotNull(Assert.Single((await Check(repair: true)).Faults).Repair);
        Assert.True(File.Exists(path));
        Assert.Empty((await Check()).Faults);
    }

    [Fact]
    public async Task A_damaged_layer_blob_goes_and_the_image_still_runs()
    {
        var image = await ImportAsync("a");
        Spoil(BlobPath(image.Layers[0].Digest));
        Assert.Contains("is damaged", Assert.Single((await Check()).Faults).Problem, StringComparison.Ordinal);
        Assert.Equal("blob removed", Assert.Single((await Check(repair: true)).Faults).Repair);
        Assert.NotNull(Images.Find("a"));
        Assert.True(File.Exists(FileOf(image)));
        Assert.Contains("is missing", Assert.Single((await Check()).Faults).Problem, StringComparison.Ordinal);
        // The same bytes again make it whole.
        await ImportAsync("b");
        Assert.Empty((await Check()).Faults);
    }

    [Fact]
    public async Task An_image_whose_configuration_is_damaged_is_listed_no_more()
    {
        var image = await ImportAsync("a");
        Spoil(BlobPath(image.Id));
        Assert.Null(Assert.Single((await Check(repair: true, new ImageUser("c", false))).Faults).Repair);
        Assert.NotNull(Images.Find("a"));
        Assert.Equal("image removed", Assert.Single((await Check(repair: true)).Faults).Repair);
        Assert.Empty(Images.List());
        Assert.Empty(Blobs());
        Assert.Empty(SnapshotDirectories());
    }

    [Fact]
    public async Task Orphans_are_named_and_removed()
    {
        await ImportAsync("a");
        string stray = Path.Combine(Layout.Snapshots, new string('a', 64));
        Directory.CreateDirectory(Path.Combine(stray, "fs"));
        var orphan = Images.Content.Write("an orphan"u8);
        var subjects = (await Check()).Faults.Select(f => f.Subject).ToList();
        Assert.Equal([$"directory {stray}", $"blob {orphan}"], subjects);
        Assert.All((await Check(repair: true)).Faults, f => Assert.Equal("removed", f.Repair));
        Assert.False(Directory.Exists(stray));
        Assert.False(Images.Content.Contains(orphan));
        Assert.Empty((await Check()).Faults);
    }

    [Fact]
    public async Task What_is_in_flight_is_no_orphan()
    {
        using var lease = Images.Content.OpenLease();
        var digest = Images.Content.Write("on its way"u8, lease);
        Assert.Empty((await Check(repair: true)).Faults);
        Assert.True(Images.Content.Contains(digest));
    }

    [Fact]
    public async Task The_room_that_images_take_is_what_du_counts()
    {
        var a = await ImportAsync("a");
        var b = await ImportAsync("b", "other");
        using var du = Process.Start(
            new ProcessStartInfo("du", ["-s", "-B1", "--exclude=empty", Layout.Content, Layout.Snapshots])
            {
                RedirectStandardOutput = true,
            }
        )!;
        long counted = du
            .StandardOutput.ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(l => long.Parse(l.Split('\t')[0]));
        // du counts the directory of all snapshots itself, too.
        Assert.InRange(Images.Room.Total(), counted - 8192, counted);
        var parts = Images.Room.Of(a);
        Assert.Equal(4, parts.Count);
        Assert.All(parts.Values, bytes => Assert.True(bytes >= 4096));
        Assert.DoesNotContain(Images.Room.Of(b).Keys, parts.ContainsKey);
    }
}
