// The terminal: raw mode, sizes, control keys, detaching, exit codes; by both clients.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class TerminalTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    [Theory, MemberData(nameof(Clients))]
    public void A_new_size_of_the_window_reaches_the_process(string client)
    {
        using var terminal = engine.OnTerminal(client, "run", "--rm", "-it", "busybox", "sh");
        terminal.WaitFor("# ");
        terminal.Type("echo ready:; until stty size | grep -q '^33 111$'; do sleep 0.1; done; echo resized:\n");
        terminal.WaitFor("ready:\r\n");
        terminal.Resize(33, 111);
        terminal.WaitFor("resized:\r\n");
        terminal.Type("exit\n");
        Assert.Equal(0, terminal.Wait());
    }

    [Theory, MemberData(nameof(Clients))]
    public void Ctrl_c_interrupts_the_process_and_not_the_client(string client)
    {
        using var terminal = engine.OnTerminal(
            client,
            "run",
            "--rm",
            "-it",
            "busybox",
            "sh",
            "-c",
            "trap 'echo caught; exit 9' INT; echo ready:; while :; do sleep 0.1; done"
        );
        terminal.WaitFor("ready:");
        terminal.Type("\x03");
        terminal.WaitFor("caught");
        Assert.Equal(9, terminal.Wait());
    }

    [Theory, MemberData(nameof(Clients))]
    public void Ctrl_d_ends_the_shell(string client)
    {
        using var terminal = engine.OnTerminal(client, "run", "--rm", "-it", "busybox", "sh");
        terminal.WaitFor("# ");
        terminal.Type("\x04");
        Assert.Equal(0, terminal.Wait());
    }

    [Theory, MemberData(nameof(Clients))]
    public void Detach_keys_leave_the_container_running_and_attach_comes_back(string client)
    {
        string name = $"detach-{client}";
        using (var terminal = engine.OnTerminal(client, "run", "-it", "--name", name, "busybox", "sh"))
        {
            terminal.WaitFor("# ");
            terminal.Type("\x10\x11");
            Assert.Equal(0, terminal.Wait());
        }
        Assert.Equal("running", engine.Skiff("inspect", "--format", "{{.State.Status}}", name).Expect().Text);
        using (var terminal = engine.OnTerminal(client, "attach", name))
        {
            terminal.Type("echo back-$((1+1))\n");
            terminal.WaitFor("back-2");
            terminal.Type("exit 5\n");
            Assert.Equal(5, terminal.Wait());
        }
        engine.Skiff("rm", name).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Exec_has_a_terminal_of_its_own(string client)
    {
        string name = $"exec-{client}";
        engine.Skiff("run", "-d", "--name", name, "busybox", "sleep", "60").Expect();
        using (var terminal = engine.OnTerminal(client, "exec", "-it", name, "sh"))
        {
            terminal.WaitFor("# ");
            terminal.Type("tty; stty size; exit 6\n");
            terminal.WaitFor("/dev/pts/");
            terminal.WaitFor("24 80");
            Assert.Equal(6, terminal.Wait());
        }
        engine.Skiff("rm", "-f", name).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Input_through_a_pipe_ends_with_its_end_of_file(string client)
    {
        var result = engine.Client(
            client,
            ["run", "--rm", "-i", "busybox", "sh", "-c", "cat; echo err >&2; exit 7"],
            "one\ntwo\n"u8.ToArray()
        );
        Assert.Equal((7, "one\ntwo\n", "err\n"), (result.ExitCode, result.Output, result.Errors));
    }

    [Theory, MemberData(nameof(Clients))]
    public void Large_input_arrives_whole(string client)
    {
        byte[] input = new byte[64 << 20];
        new Random(7).NextBytes(input);
        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input));
        var result = engine.Client(client, ["run", "--rm", "-i", "busybox", "sha256sum"], input).Expect();
        Assert.StartsWith(expected, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void No_output_of_a_short_process_is_lost()
    {
        for (int i = 0; i < 50; i++)
            Assert.Equal($"line {i}\n", engine.Skiff("run", "--rm", "busybox", "echo", $"line {i}").Expect().Output);
    }
}
