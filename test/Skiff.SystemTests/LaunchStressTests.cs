// Many launches under load: none hangs, none fails, nothing stays.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class LaunchStressTests(Port port)
{
    /// <summary>Execs per run; SKIFF_LAUNCHES sets another number (10000 before a release).</summary>
    static int Launches => int.TryParse(Environment.GetEnvironmentVariable("SKIFF_LAUNCHES"), out int n) ? n : 10_000;

    [Fact]
    public void Thousands_of_launches_under_load_neither_hang_nor_fail()
    {
        // Launched by the shim itself, in parallel, each with its own handshake; the shell inside counts what came back.
        using var engine = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        engine.Skiff("run", "-d", "--name", "harbour", "busybox", "sleep", "3600").Expect();
        using var client = new ApiClient(engine.Socket);
        int done = 0;
        Parallel.For(
            0,
            Launches,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            i =>
            {
                int code = i % 100 == 0 ? client.RunContainer("busybox", "true") : client.Exec("harbour", "true");
                Assert.Equal(0, code);
                Interlocked.Increment(ref done);
            }
        );
        Assert.Equal(Launches, done);
        Assert.Equal("harbour", engine.Skiff("ps", "-a", "--format", "{{.Names}}").Expect().Text);
    }
}
