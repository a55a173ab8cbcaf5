// Execs end when they are told to, and with their clients where the container's owner wants it.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class ExecTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void An_exec_ends_with_its_client_where_the_label_says_so(string client)
    {
        string id = engine.Skiff("run", "-d", "-l", "skiff.exec-on-disconnect=kill", "busybox", "sleep", "100").Expect().Text;
        using var events = engine.OnTerminal("docker", "events", "--since", "1", "--filter", "container=" + id);
        using (var exec = engine.OnTerminal(client, "exec", id, "sleep", "500"))
        {
            events.WaitFor("exec_start");
            exec.Signal(9);
            exec.Wait();
        }
        events.WaitFor("exec_die");
        events.WaitFor("exitCode=137");
        Assert.DoesNotContain("sleep 500", engine.Skiff("top", id).Expect().Output, StringComparison.Ordinal);
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void An_exec_goes_on_without_its_client_and_is_killed_by_its_id(string client)
    {
        string id = engine.Skiff("run", "-d", "busybox", "sleep", "100").Expect().Text;
        using var events = engine.OnTerminal("docker", "events", "--since", "1", "--filter", "container=" + id);
        using (
            var client1 = engine.OnTerminal(client, "exec", id, "sh", "-c", "trap 'exit 7' USR1; while :; do sleep 0.01; done")
        )
        {
            events.WaitFor("exec_start");
            client1.Signal(9);
            client1.Wait();
        }
        string exec = engine.Skiff("inspect", "-f", "{{index .ExecIDs 0}}", id).Expect().Text;
        engine.Skiff("kill", "-s", "WINCH", "--exec", exec).Expect();
        engine.Skiff("kill", "--exec", exec).Expect();
        events.WaitFor("exec_die");
        events.WaitFor("exitCode=137");
        Assert.Equal(
            "<nil>",
            engine.Docker("inspect", "-f", "{{.ExecIDs}}", id).Expect().Text.Replace("[]", "<nil>", StringComparison.Ordinal)
        );
        Assert.Contains("is not running", engine.Skiff("kill", "--exec", exec).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains(
            "No such exec instance",
            engine.Skiff("kill", "--exec", "none").Expect(1).Errors,
            StringComparison.Ordinal
        );
        engine.Skiff("rm", "-f", id).Expect();
    }
}
