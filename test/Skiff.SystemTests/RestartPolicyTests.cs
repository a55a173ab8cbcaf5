// Restart policies, seen by what runs; across ends, stops, crashes and starts of the engine.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RestartPolicyTests(Port port) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly EngineUnderTest engine = WithImage(new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}"));

    public void Dispose() => engine.Dispose();

    static EngineUnderTest WithImage(EngineUnderTest engine)
    {
        engine.Skiff("pull", "busybox").Expect();
        return engine;
    }

    string Inspect(string name, string format) => engine.Skiff("inspect", "-f", format, name).Expect().Text;

    void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience), engine.ReadLog());

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void On_failure_tries_so_often_and_no_more(string client)
    {
        engine
            .Client(
                client,
                ["run", "-d", "--name", "failing", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo try; exit 3"],
                null
            )
            .Expect();
        Until(() => Inspect("failing", "{{.State.Status}} {{.RestartCount}}") == "exited 2");
        Assert.Equal("try\ntry\ntry", engine.Skiff("logs", "failing").Expect().Text);
        Assert.Equal(
            "3 on-failure 2",
            Inspect(
                "failing",
                "{{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"
            )
        );
    }

    [Fact]
    public void A_killed_process_comes_back_and_a_stopped_one_does_not()
    {
        engine.Skiff("run", "-d", "--name", "service", "--restart", "always", "busybox", "sleep", "1000").Expect();
        string pid = Inspect("service", "{{.State.Pid}}");
        Command.Run("kill", "-9", pid).Expect();
        Until(() => Inspect("service", "{{.State.Status}} {{.RestartCount}}") == "running 1");
        Assert.NotEqual(pid, Inspect("service", "{{.State.Pid}}"));
        engine.Skiff("stop", "-t", "0", "service").Expect();
        Assert.Equal("exited", Inspect("service", "{{.State.Status}}"));
        engine.Skiff("start", "service").Expect();
        Assert.Equal("running 0", Inspect("service", "{{.State.Status}} {{.RestartCount}}"));
        engine.Skiff("kill", "service").Expect();
        Until(() => Inspect("service", "{{.State.Status}}") == "exited");
    }

    [Fact]
    public void While_it_waits_it_is_restarting_and_can_be_stopped_and_removed()
    {
        foreach (string name in (string[])["loop1", "loop2"])
            engine.Skiff("run", "-d", "--name", name, "--restart", "always", "busybox", "false").Expect();
        Until(() =>
            int.Parse(Inspect("loop1", "{{.RestartCount}}")) >= 4 && Inspect("loop1", "{{.State.Status}}") == "restarting"
        );
        Assert.StartsWith(
            "Restarting (1) ",
            engine.Skiff("ps", "--filter", "name=loop1", "--format", "{{.Status}}").Expect().Text,
            StringComparison.Ordinal
        );
        Assert.Contains("restarting", engine.Skiff("exec", "loop1", "true").Expect(1).Errors, StringComparison.Ordinal);
        engine.Skiff("stop", "loop1").Expect();
        Assert.Equal("exited false", Inspect("loop1", "{{.State.Status}} {{.State.Restarting}}"));
        engine.Skiff("rm", "loop1").Expect();
        engine.Skiff("rm", "-f", "loop2").Expect();
        Assert.Equal("", engine.Skiff("ps", "-aq").Expect().Text);
    }

    [Fact]
    public void The_engine_brings_back_what_ended_while_it_was_down_and_what_its_policy_wants()
    {
        foreach (string policy in (string[])["no", "always", "unless-stopped", "on-failure"])
            engine.Skiff("run", "-d", "--name", $"ended-{policy}", "--restart", policy, "busybox", "sleep", "1000").Expect();
        foreach (string policy in (string[])["always", "unless-stopped"])
        {
            engine.Skiff("run", "-d", "--name", $"stopped-{policy}", "--restart", policy, "busybox", "sleep", "1000").Expect();
            engine.Skiff("stop", "-t", "0", $"stopped-{policy}").Expect();
        }
        string[] pids = [.. engine.Skiff("ps", "-q").Expect().Text.Split('\n').Select(id => Inspect(id, "{{.State.Pid}}"))];
        engine.Crash();
        Command.Run("kill", ["-9", .. pids], null, null).Expect();
        engine.Start();
        string[] up = ["ended-always", "ended-on-failure", "ended-unless-stopped", "stopped-always"];
        Until(() => up.All(name => Inspect(name, "{{.State.Status}}") == "running"));
        Assert.Equal(
            "exited exited",
            $"{Inspect("ended-no", "{{.State.Status}}")} {Inspect("stopped-unless-stopped", "{{.State.Status}}")}"
        );
    }

    [Fact]
    public void A_paused_container_can_be_killed_and_removed()
    {
        foreach (string name in (string[])["frozen1", "frozen2"])
        {
            engine.Skiff("run", "-d", "--name", name, "busybox", "sleep", "1000").Expect();
            engine.Skiff("pause", name).Expect();
        }
        engine.Skiff("kill", "frozen1").Expect();
        Assert.Equal("137", engine.Skiff("wait", "frozen1").Expect().Text);
        engine.Skiff("rm", "-f", "frozen2").Expect();
    }

    [Fact]
    public void Policies_that_make_no_sense_are_refused()
    {
        Assert.Contains(
            "--rm",
            engine.Skiff("run", "--rm", "--restart", "always", "busybox").Expect(125).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "unknown policy 'often'",
            engine.Skiff("run", "--restart", "often", "busybox").Expect(125).Errors,
            StringComparison.Ordinal
        );
    }
}
