// The six steps of `run -i -t`, as Docker's overview tells them, each seen from the outside; by both clients.
using System.Text.RegularExpressions;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class SixStepsTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Pulls_a_missing_image_and_lands_at_a_prompt_that_exits_stops_and_continues(string client)
    {
        using var fresh = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        using (var terminal = fresh.OnTerminal(client, "run", "-i", "-t", "--name", "first", "busybox", "/bin/sh"))
        {
            terminal.WaitFor("Unable to find image 'busybox:latest' locally");
            terminal.WaitFor("Status: Downloaded newer image for busybox:latest");
            terminal.WaitFor("# ");
            terminal.Type("tty; echo kept > /root/note; echo done-$((40+2))\n");
            terminal.WaitFor("/dev/pts/0");
            terminal.WaitFor("done-42");
            terminal.Type("exit 3\n");
            Assert.Equal(3, terminal.Wait());
        }
        Assert.Matches("^first Exited \\(3\\)", fresh.Skiff("ps", "-a", "--format", "{{.Names}} {{.Status}}").Expect().Text);

        using (var terminal = fresh.OnTerminal(client, "start", "-a", "-i", "first"))
        {
            terminal.Type("cat /root/note; exit 4\n");
            terminal.WaitFor("kept");
            Assert.Equal(4, terminal.Wait());
        }
        fresh.Client(client, ["rm", "first"], null).Expect();
        Assert.Equal("", fresh.Skiff("ps", "-aq").Expect().Text);
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_pull_shows_its_progress_on_a_terminal_one_line_a_layer(string client)
    {
        using var fresh = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        using var terminal = fresh.OnTerminal(client, "pull", "busybox");
        terminal.WaitFor("Pulling from library/busybox");
        terminal.WaitFor("Pulling fs layer");
        terminal.WaitFor("\e[1A"); // back to the layer's line
        Assert.Matches(@"[\d.]+ ?[kM]?B(/[\d.]+ ?[kM]?B)?", terminal.WaitFor("Pull complete"));
        terminal.WaitFor("Status: Downloaded newer image for busybox:latest");
        Assert.Equal(0, terminal.Wait());
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void The_writable_layer_lies_on_top_of_the_image(string client)
    {
        engine
            .Client(client, ["run", "--name", $"layer-{client}", "busybox", "sh", "-c", "rm /etc/notes; echo x > /new"], null)
            .Expect();
        string again = engine.Client(client, ["run", "--rm", "busybox", "sh", "-c", "ls /etc/notes; ls /new"], null).Output;
        Assert.Contains("/etc/notes", again, StringComparison.Ordinal);
        Assert.DoesNotContain("/new\n", again.Replace("No such", "", StringComparison.Ordinal), StringComparison.Ordinal);
        engine.Client(client, ["rm", $"layer-{client}"], null).Expect();
    }

    [Fact]
    public void Has_an_address_a_name_and_resolves_names()
    {
        string shown = engine
            .Skiff(
                "run",
                "--rm",
                "--hostname",
                "boat",
                "busybox",
                "sh",
                "-c",
                "ip -4 addr show eth0; hostname; cat /etc/hosts /etc/resolv.conf /etc/hostname; nslookup boat"
            )
            .Expect()
            .Output;
        string address = Regex.Match(shown, @"inet (\d+\.\d+\.\d+\.\d+)/").Groups[1].Value;
        Assert.NotEmpty(address);
        Assert.Matches($@"(?m)^{Regex.Escape(address)}\s+boat$", shown);
        Assert.Contains("nameserver ", shown, StringComparison.Ordinal);
        Assert.Matches($@"(?s)Name:\s+boat.*Address.*{Regex.Escape(address)}", shown);
    }

    [Fact]
    public void Containers_get_different_addresses_and_reach_each_other_by_name()
    {
        engine.Skiff("run", "-d", "--name", "peer", "busybox", "sleep", "60").Expect();
        string shown = engine.Skiff("run", "--rm", "busybox", "ping", "-c", "1", "-W", "5", "peer").Expect().Output;
        Assert.Contains("1 packets received", shown, StringComparison.Ordinal);
        engine.Skiff("rm", "-f", "peer").Expect();
    }

    [Fact]
    public void Removal_takes_every_trace_with_it()
    {
        using var quiet = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        quiet.Skiff("pull", "busybox").Expect();
        quiet.Skiff("run", "--rm", "busybox", "true").Expect(); // what is made once is made
        var before = Traces.AtRest(quiet);
        string id = quiet.Skiff("run", "-d", "busybox", "sh", "-c", "echo x > /file; sleep 100").Expect().Text;
        Assert.NotEqual(before, Traces.Of(quiet));
        quiet.Skiff("exec", id, "true").Expect();
        quiet.Skiff("rm", "-f", id).Expect();
        quiet.Stop(); // background work is done
        Assert.Equal(before, Traces.AtRest(quiet));
        quiet.Start();
    }
}
