// The daemon may die at any moment: containers, their output and their exit codes do not.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class DaemonRestartTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = new("--registry-mirror", $"http://{port.Registry.Host}");

    public void Dispose() => engine.Dispose();

    [Fact]
    public void A_running_container_survives_a_crash_with_its_log_and_its_exit_code()
    {
        engine
            .Skiff(
                "run",
                "-d",
                "--name",
                "ship",
                "busybox",
                "sh",
                "-c",
                "mkfifo /go; echo before; read x < /go; echo after; exit 9"
            )
            .Expect();
        string pid = engine.Skiff("inspect", "--format", "{{.State.Pid}}", "ship").Expect().Text;
        engine.Crash();
        Assert.True(Directory.Exists($"/proc/{pid}"));
        engine.Start();
        Assert.Equal(
            $"running {pid}",
            engine.Skiff("inspect", "--format", "{{.State.Status}} {{.State.Pid}}", "ship").Expect().Text
        );
        Assert.Equal("inside\n", engine.Skiff("exec", "ship", "echo", "inside").Expect().Output);
        engine.Skiff("exec", "-d", "ship", "sh", "-c", "echo go > /go").Expect(); // may be killed with the container's end
        Assert.Equal("9", engine.Skiff("wait", "ship").Expect().Text);
        Assert.Equal("before\nafter\n", engine.Skiff("logs", "ship").Expect().Output);
        engine.Skiff("rm", "ship").Expect();
    }

    [Fact]
    public void An_exit_while_the_daemon_is_down_is_recorded_when_it_comes_back()
    {
        engine
            .Skiff("run", "-d", "--name", "late", "busybox", "sh", "-c", "mkfifo /go; read x < /go; echo gone; exit 6")
            .Expect();
        string pid = engine.Skiff("inspect", "--format", "{{.State.Pid}}", "late").Expect().Text;
        string fifo = $"/proc/{pid}/root/go";
        SpinWait.SpinUntil(() => File.Exists(fifo), TimeSpan.FromSeconds(10));
        engine.Crash();
        File.WriteAllText(fifo, "x\n");
        SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{pid}"), TimeSpan.FromSeconds(10));
        engine.Start();
        Assert.Equal(
            "exited 6",
            engine.Skiff("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "late").Expect().Text
        );
        Assert.Equal("gone\n", engine.Skiff("logs", "late").Expect().Output);
    }

    [Fact]
    public void A_container_to_be_removed_at_its_end_is_removed_after_a_crash_too()
    {
        engine.Skiff("run", "-d", "--rm", "--name", "brief", "busybox", "sh", "-c", "mkfifo /go; read x < /go").Expect();
        string pid = engine.Skiff("inspect", "--format", "{{.State.Pid}}", "brief").Expect().Text;
        string fifo = $"/proc/{pid}/root/go";
        SpinWait.SpinUntil(() => File.Exists(fifo), TimeSpan.FromSeconds(10));
        engine.Crash();
        File.WriteAllText(fifo, "x\n");
        SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{pid}"), TimeSpan.FromSeconds(10));
        engine.Start();
        Assert.Equal("", engine.Skiff("ps", "-aq").Expect().Text);
    }

    [Fact]
    public void A_shim_that_is_killed_takes_its_container_with_it_and_leaves_nothing()
    {
        engine.Skiff("run", "-d", "--name", "orphan", "busybox", "sleep", "100").Expect();
        string pid = engine.Skiff("inspect", "--format", "{{.State.Pid}}", "orphan").Expect().Text;
        string shim = File.ReadLines($"/proc/{pid}/status")
            .First(l => l.StartsWith("PPid:", StringComparison.Ordinal))
            .Split('\t')[1];
        Command.Run("kill", "-9", shim).Expect();
        engine.Skiff("wait", "orphan").Expect();
        Assert.Equal("exited", engine.Skiff("inspect", "--format", "{{.State.Status}}", "orphan").Expect().Text);
        // A zombie waits for the init of this machine to reap it.
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    !Directory.Exists($"/proc/{pid}")
                    || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z", StringComparison.Ordinal),
                TimeSpan.FromSeconds(5)
            )
        );
        engine.Skiff("start", "orphan").Expect();
        engine.Skiff("rm", "-f", "orphan").Expect();
    }

    [Fact]
    public async Task Repeated_crashes_leave_no_residue()
    {
        engine.Skiff("run", "--rm", "busybox", "true").Expect();
        var before = Traces.AtRest(engine);
        for (int i = 0; i < 5; i++)
        {
            var run = Task.Run(() => engine.Skiff("run", "--rm", "busybox", "true"), TestContext.Current.CancellationToken);
            SpinWait.SpinUntil(() => run.IsCompleted, TimeSpan.FromMilliseconds(5 * i));
            engine.Crash();
            await run;
            engine.Start();
        }
        foreach (string id in engine.Skiff("ps", "-aq").Expect().Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            engine.Skiff("rm", "-f", id).Expect();
        engine.Stop();
        Assert.Equal(before, Traces.AtRest(engine));
        engine.Start();
    }
}
