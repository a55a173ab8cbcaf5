// The daemon is killed while it makes or removes an image: the next start has the old state or the new one, nothing between.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class ImageCrashTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = new("--registry-mirror", $"http://{port.Registry.Host}");

    public void Dispose() => engine.Dispose();

    /// <summary>Kills the daemon once a client's command has run for so long, and starts it anew.</summary>
    async Task CrashDuring(TimeSpan into, params string[] arguments)
    {
        var command = Task.Run(() => engine.Skiff(arguments), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => command.IsCompleted, into);
        engine.Crash();
        await command;
        engine.Start();
    }

    int Snapshots() => Directory.GetDirectories(Path.Combine(engine.DataRoot, "snapshots")).Length;

    int Blobs() => Directory.GetFiles(Path.Combine(engine.DataRoot, "content", "blobs", "sha256")).Length;

    [Fact]
    public async Task A_commit_that_is_cut_leaves_a_whole_image_or_nothing()
    {
        engine
            .Skiff("run", "--name", "work", "busybox", "sh", "-c", "head -c 8000000 /dev/urandom >/f; md5sum /f >/sum")
            .Expect();
        var before = (Snapshots(), Blobs());
        for (int i = 0; i < 6; i++)
        {
            await CrashDuring(TimeSpan.FromMilliseconds(40 * i), "commit", "work", "made");
            if (engine.Skiff("images", "-q", "made").Expect().Text.Length > 0)
            {
                engine.Skiff("run", "--rm", "made", "md5sum", "-c", "-s", "/sum").Expect();
                engine.Skiff("rmi", "made").Expect();
            }
            Assert.Equal(before, (Snapshots(), Blobs()));
        }
        engine.Skiff("commit", "work", "made").Expect();
        engine.Skiff("run", "--rm", "made", "md5sum", "-c", "-s", "/sum").Expect();
    }

    [Fact]
    public async Task A_pull_that_is_cut_leaves_a_whole_image_or_nothing()
    {
        for (int i = 0; i < 6; i++)
        {
            await CrashDuring(TimeSpan.FromMilliseconds(5 + 15 * i), "pull", "-q", "busybox");
            if (engine.Skiff("images", "-q", "busybox").Expect().Text.Length > 0)
                engine.Skiff("run", "--rm", "busybox", "true").Expect();
            Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
            engine.Skiff("pull", "-q", "busybox").Expect();
            engine.Skiff("run", "--rm", "busybox", "true").Expect();
            await CrashDuring(TimeSpan.FromMilliseconds(i), "system", "prune", "-af");
            if (engine.Skiff("images", "-q", "busybox").Expect().Text.Length > 0)
                engine.Skiff("rmi", "busybox").Expect();
            Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_store_is_told_and_mended()
    {
        engine.Skiff("pull", "-q", "busybox").Expect();
        string blob = Directory
            .EnumerateFiles(Path.Combine(engine.DataRoot, "content", "blobs", "sha256"))
            .MaxBy(path => new FileInfo(path).Length)!;
        using (var file = File.OpenWrite(blob))
            file.Write("spoilt"u8);
        var found = engine.Skiff("system", "check");
        Assert.Equal(1, found.ExitCode);
        Assert.Contains("is damaged", found.Text, StringComparison.Ordinal);
        Assert.Contains("1 faults mended", engine.Skiff("system", "check", "--repair").Expect().Text, StringComparison.Ordinal);
        // Pulled again, it is whole.
        engine.Skiff("pull", "-q", "busybox").Expect();
        Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_that_is_cut_leaves_a_whole_image_or_nothing()
    {
        var empty = (Snapshots(), Blobs());
        for (int i = 0; i < 6; i++)
        {
            engine.Skiff("pull", "-q", "busybox").Expect();
            await CrashDuring(TimeSpan.FromMilliseconds(2 * i), "rmi", "busybox");
            if (engine.Skiff("images", "-q", "busybox").Expect().Text.Length > 0)
            {
                engine.Skiff("run", "--rm", "busybox", "true").Expect();
                engine.Skiff("rmi", "busybox").Expect();
            }
            Assert.Equal(empty, (Snapshots(), Blobs()));
        }
    }
}
