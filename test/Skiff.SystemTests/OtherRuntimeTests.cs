// Containers that another OCI runtime launches: here our own, by its command line, as runc and crun are called.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class OtherRuntimeTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = new(
        "--registry-mirror",
        $"http://{port.Registry.Host}",
        "--add-runtime",
        $"other={Path.Combine(EngineUnderTest.Bin, "skiff-runtime")}"
    );

    Result Run(params string[] arguments) => engine.Skiff(["run", "--runtime", "other", .. arguments]);

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Runs_with_output_input_exit_code_network_and_a_writable_layer(string client)
    {
        engine.Skiff("pull", Port.Image).Expect();
        string script = "cat; echo err >&2; echo kept >/file; ip -o -4 addr show eth0 | wc -l; exit 7";
        string[] command = ["run", "--runtime", "other", "-i", "--name", "harbour", "busybox", "sh", "-c", script];
        Result ran = engine.Client(client, command, "in\n"u8.ToArray());
        ran.Expect(7);
        Assert.Equal("in\n1\n", ran.Output);
        Assert.EndsWith("err\n", ran.Errors, StringComparison.Ordinal);
        Assert.Equal("other", engine.Skiff("inspect", "-f", "{{.HostConfig.Runtime}}", "harbour").Expect().Text);
        engine.SkiffWithInput("again\n"u8.ToArray(), "start", "-a", "-i", "harbour").Expect(7);
        engine.Skiff("rm", "harbour").Expect();
    }

    [Fact]
    public void Execs_pauses_signals_and_survives_the_engine()
    {
        Run("-d", "--name", "harbour", "busybox", "sh", "-c", "trap 'exit 5' TERM; while :; do usleep 10000; done").Expect();
        Assert.Equal(
            "inside 1000",
            engine.Skiff("exec", "-u", "1000", "harbour", "sh", "-c", "echo inside $(id -u)").Expect().Text
        );
        engine.Skiff("exec", "harbour", "sh", "-c", "exit 3").Expect(3);
        engine.Skiff("exec", "harbour", "nothing-of-this-name").Expect(127);
        engine.Skiff("pause", "harbour").Expect();
        Assert.Contains("(Paused)", engine.Skiff("ps", "--format", "{{.Status}}").Expect().Text, StringComparison.Ordinal);
        engine.Skiff("unpause", "harbour").Expect();
        engine.Crash();
        engine.Start();
        Assert.Contains("trap", engine.Skiff("top", "harbour").Expect().Output, StringComparison.Ordinal);
        engine.Skiff("stop", "harbour").Expect();
        Assert.Equal("5", engine.Skiff("inspect", "-f", "{{.State.ExitCode}}", "harbour").Expect().Text);
    }

    [Fact]
    public void Has_a_terminal_for_its_process_and_for_execs()
    {
        Run("busybox", "true").Expect();
        using (var session = engine.OnTerminal("skiff", "run", "--rm", "-it", "--runtime", "other", "busybox", "sh"))
        {
            session.Type("tty; stty size\n");
            session.WaitFor("/dev/pts/0");
            session.WaitFor("24 80");
            session.Type("exit 4\n");
            Assert.Equal(4, session.Wait());
        }
        Run("-d", "--name", "harbour", "busybox", "sleep", "1000").Expect();
        using var exec = engine.OnTerminal("skiff", "exec", "-it", "harbour", "sh");
        exec.Type("tty; exit 6\n");
        exec.WaitFor("/dev/pts/0");
        Assert.Equal(6, exec.Wait());
    }

    [Fact]
    public void Its_errors_are_told_and_it_leaves_nothing()
    {
        Run("--rm", "busybox", "true").Expect();
        string before = Traces.AtRest(engine);
        Result missing = Run("--rm", "busybox", "nothing-of-this-name").Expect(127);
        Assert.Contains("executable file not found in $PATH", missing.Errors, StringComparison.Ordinal);
        Run("--rm", "busybox", "/etc/notes").Expect(126);
        Assert.Equal(before, Traces.AtRest(engine));
    }

    [Fact]
    public void A_name_that_is_not_configured_is_refused() =>
        Assert.Contains(
            "unknown or invalid runtime name: nobody",
            engine.Skiff("create", "--runtime", "nobody", "busybox").Errors,
            StringComparison.Ordinal
        );

    public void Dispose() => engine.Dispose();
}
