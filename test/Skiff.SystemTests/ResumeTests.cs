// A pull that is disturbed goes on where it was: the registry sends nothing twice.
using System.Diagnostics;
using System.Security.Cryptography;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class ResumeTests : IDisposable
{
    const int Size = 12 << 20;
    const string Repository = "large/one:1";

    readonly LoopbackRegistry registry = new();
    readonly FaultProxy proxy;
    readonly EngineUnderTest engine = new();

    public ResumeTests()
    {
        proxy = new FaultProxy(registry.Port);
        string directory = Directory.CreateTempSubdirectory("skiff-resume-").FullName;
        File.WriteAllBytes(Path.Combine(directory, "random"), RandomNumberGenerator.GetBytes(Size));
        Command.Run("tar", "-czf", directory + ".tgz", "-C", directory, ".").Expect();
        engine.Skiff("import", directory + ".tgz", $"{registry.Host}/{Repository}").Expect();
        engine.Skiff("push", "-q", $"{registry.Host}/{Repository}").Expect();
        engine.Skiff("rmi", $"{registry.Host}/{Repository}").Expect();
        Directory.Delete(directory, recursive: true);
        File.Delete(directory + ".tgz");
    }

    string Image => $"{proxy.Host}/{Repository}";

    public void Dispose()
    {
        engine.Dispose();
        proxy.Dispose();
        registry.Dispose();
    }

    // What has left the registry may still be in buffers: only what is in the file counts.
    async Task HalfIsHereAsync()
    {
        await proxy.Held.WaitAsync(TestContext.Current.CancellationToken);
        string ingest = Path.Combine(engine.DataRoot, "tmp", "ingest");
        Assert.True(
            SpinWait.SpinUntil(
                () => Directory.EnumerateFiles(ingest).Sum(f => new FileInfo(f).Length) > Size / 2 - (256 << 10),
                TimeSpan.FromSeconds(20)
            )
        );
    }

    [Fact]
    public async Task A_killed_engine_leaves_its_half_to_the_next()
    {
        proxy.HoldAt = Size / 2;
        var first = Task.Run(() => engine.Skiff("pull", "-q", Image), TestContext.Current.CancellationToken);
        await HalfIsHereAsync();
        engine.Crash();
        Assert.NotEqual(0, (await first).ExitCode);
        proxy.Release();
        engine.Start();
        Assert.Empty(engine.Skiff("images", "-q").Expect().Text);

        engine.Skiff("pull", "-q", Image).Expect();
        Assert.InRange(proxy.Sent, Size, Size * 1.15);
        Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_leaves_its_half_to_the_next()
    {
        proxy.HoldAt = Size / 2;
        using var client = Process.Start(
            Path.Combine(EngineUnderTest.Bin, "skiff"),
            ["-H", $"unix://{engine.Socket}", "pull", "-q", Image]
        );
        await HalfIsHereAsync();
        client.Kill();
        await client.WaitForExitAsync(TestContext.Current.CancellationToken);
        proxy.Release();
        engine.Docker("pull", "-q", Image).Expect();
        Assert.InRange(proxy.Sent, Size, Size * 1.15);
    }

    [Fact]
    public void A_line_that_breaks_again_and_again_brings_all_of_it_once()
    {
        proxy.CutAfter = 2 << 20;
        engine.Docker("pull", "-q", Image).Expect();
        Assert.InRange(proxy.Sent, Size, Size * 1.3);
        Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
    }
}
