// Networks of users: addresses, names, isolation, several at once, connecting while running, crashes.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class UserNetworkTests(Port port)
{
    static int count;
    readonly EngineUnderTest engine = port.Engine;

    static string NewName() => $"net{Environment.ProcessId % 10000}x{Interlocked.Increment(ref count)}";

    Result Run(string client, params string[] arguments) => engine.Client(client, arguments, null);

    string Sleeper(string client, params string[] flags) =>
        Run(client, ["run", "-d", .. flags, "busybox", "sleep", "300"]).Expect().Text;

    Result In(string id, string script) => engine.Skiff("exec", id, "sh", "-c", script);

    string Inspect(string id, string format) => engine.Skiff("inspect", "--format", format, id).Expect().Text;

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_network_is_made_listed_inspected_and_removed(string client)
    {
        string name = NewName();
        string id = Run(client, "network", "create", "--label", "team=a", name).Expect().Text;
        Assert.Equal(64, id.Length);
        Assert.Equal(
            $"{id[..12]} bridge",
            Run(client, "network", "ls", "--filter", $"name={name}", "--format", "{{.ID}} {{.Driver}}").Expect().Text
        );
        Assert.Equal(
            "bridge false a default",
            Run(client, "network", "inspect", "--format", "{{.Driver}} {{.Internal}} {{.Labels.team}} {{.IPAM.Driver}}", name)
                .Expect()
                .Text
        );
        Assert.Contains(
            $"network with name {name} already exists",
            Run(client, "network", "create", name).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Command.Run("ip", "link", "show", $"br-{id[..12]}").Expect();
        Assert.Equal(name, Run(client, "network", "rm", name).Expect().Text);
        Command.Run("ip", "link", "show", $"br-{id[..12]}").Expect(1);
        Assert.Contains(
            $"network {name} not found",
            Run(client, "network", "rm", name).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "bridge is a pre-defined network and cannot be removed",
            Run(client, "network", "rm", "bridge").Expect(1).Errors,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Names_aliases_and_fixed_addresses_on_a_network(string client)
    {
        string name = NewName();
        int third = count % 250;
        Run(client, "network", "create", "--subnet", $"10.213.{third}.0/24", "--gateway", $"10.213.{third}.254", name).Expect();
        Assert.Contains(
            "Pool overlaps with other one on this address space",
            Run(client, "network", "create", "--subnet", $"10.213.{third}.128/25", NewName()).Expect(1).Errors,
            StringComparison.Ordinal
        );
        string server = Sleeper(
            client,
            "--network",
            name,
            "--network-alias",
            "store",
            "--ip",
            $"10.213.{third}.77",
            "--name",
            name + "-server"
        );
        string asker = Sleeper(client, "--network", name);
        foreach (string known in (string[])["store", name + "-server", server[..12]])
            Assert.Contains(
                $"10.213.{third}.77",
                In(asker, $"nslookup {known} | tail -n 3").Expect().Output,
                StringComparison.Ordinal
            );
        In(asker, "ping -c 1 -w 5 store").Expect();
        Assert.Contains($"via 10.213.{third}.254", In(asker, "ip route").Expect().Output, StringComparison.Ordinal);
        // Names of one network mean nothing on another.
        Assert.NotEqual(0, Run(client, "run", "--rm", "busybox", "nslookup", name + "-server").ExitCode);
        Assert.Contains("has active endpoints", Run(client, "network", "rm", name).Expect(1).Errors, StringComparison.Ordinal);
        engine.Skiff("rm", "-f", server, asker).Expect();
        Run(client, "network", "rm", name).Expect();
    }

    [Fact]
    public void Networks_do_not_reach_each_other_and_an_internal_one_reaches_nobody()
    {
        using var outside = new OutsideHost();
        using var served = outside.Serve(8080);
        string one = NewName(),
            closed = NewName();
        engine.Skiff("network", "create", one).Expect();
        engine.Skiff("network", "create", "--internal", closed).Expect();
        string first = Sleeper("skiff", "--network", one),
            within = Sleeper("skiff", "--network", closed),
            friend = Sleeper("skiff", "--network", closed),
            other = Sleeper("skiff");
        string Address(string id) => Inspect(id, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
        string asked = $"nc -w 3 {outside.Address} 8080";
        Assert.Equal(outside.HostAddress, In(first, asked).Expect().Text);
        Assert.NotEqual(0, In(within, asked).ExitCode);
        In(within, $"ping -c 1 -w 5 {Address(friend)}").Expect();
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)[(first, other), (other, first), (first, within)])
            Assert.NotEqual(0, In(from, $"ping -c 1 -w 1 {Address(to)}").ExitCode);
        engine.Skiff("rm", "-f", first, within, friend, other).Expect();
        engine.Skiff("network", "rm", one, closed).Expect();
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_running_container_is_connected_and_disconnected(string client)
    {
        string name = NewName();
        Run(client, "network", "create", name).Expect();
        string server = Sleeper(client, "--network", name, "--name", name + "-server");
        string id = Sleeper(client);
        Assert.NotEqual(0, In(id, $"nslookup {name}-server").ExitCode);
        Run(client, "network", "connect", "--alias", "late", name, id).Expect();
        In(id, $"ping -c 1 -w 5 {name}-server").Expect();
        In(server, "ping -c 1 -w 5 late").Expect();
        Assert.Contains("eth1", In(id, "ls /sys/class/net").Expect().Output, StringComparison.Ordinal);
        Assert.Equal($"bridge {name} ", Inspect(id, "{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}"));
        Assert.Contains(
            "already exists in network",
            Run(client, "network", "connect", name, id).Expect(1).Errors,
            StringComparison.Ordinal
        );
        // The default route moves to what is left, and it stays so over a restart.
        Run(client, "network", "disconnect", "bridge", id).Expect();
        Assert.Contains("dev eth1", In(id, "ip route show default").Expect().Output, StringComparison.Ordinal);
        Run(client, "restart", "-t", "0", id).Expect();
        In(id, $"ping -c 1 -w 5 {name}-server").Expect();
        Run(client, "network", "disconnect", name, id).Expect();
        Assert.Equal("lo", In(id, "ls /sys/class/net").Expect().Text);
        Run(client, "network", "disconnect", name, id).Expect(1);
        engine.Skiff("rm", "-f", server, id).Expect();
        Run(client, "network", "rm", name).Expect();
    }

    [Fact]
    public void A_container_with_several_networks_speaks_on_all_of_them()
    {
        string a = NewName(),
            b = NewName();
        engine.Skiff("network", "create", a).Expect();
        engine.Skiff("network", "create", b).Expect();
        string onA = Sleeper("skiff", "--network", a, "--name", a + "-peer"),
            onB = Sleeper("skiff", "--network", b, "--name", b + "-peer");
        string both = Sleeper("skiff", "--network", a, "--network", $"name={b},gw-priority=1");
        In(both, $"ping -c 1 -w 5 {a}-peer && ping -c 1 -w 5 {b}-peer").Expect();
        Assert.Contains("dev eth1", In(both, "ip route show default").Expect().Output, StringComparison.Ordinal);
        Assert.NotEqual(0, In(onA, $"ping -c 1 -w 1 {b}-peer").ExitCode);
        engine.Skiff("rm", "-f", onA, onB, both).Expect();
        engine.Skiff("network", "rm", a, b).Expect();
    }

    [Fact]
    public void Containers_are_kept_apart_where_icc_is_off()
    {
        string name = NewName();
        engine.Skiff("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", name).Expect();
        string first = Sleeper("skiff", "--network", name, "--name", name + "-a"),
            second = Sleeper("skiff", "--network", name);
        Assert.NotEqual(0, In(second, $"ping -c 1 -w 1 {name}-a").ExitCode);
        string gateway = engine.Skiff("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name).Expect().Text;
        In(second, $"ping -c 1 -w 5 {gateway}").Expect();
        engine.Skiff("rm", "-f", first, second).Expect();
        engine.Skiff("network", "rm", name).Expect();
    }

    [Fact]
    public void What_is_not_there_yet_is_refused_by_name()
    {
        foreach (
            var (flags, named) in (ReadOnlySpan<(string[], string)>)
                [
                    (["--ipv6"], "--ipv6"),
                    (["-d", "macvlan"], "macvlan"),
                    (["-o", "com.docker.network.unheard=1"], "com.docker.network.unheard"),
                ]
        )
            Assert.Contains(
                named,
                engine.Skiff(["network", "create", .. flags, NewName()]).Expect(1).Errors,
                StringComparison.Ordinal
            );
        Assert.Contains(
            "plugin \"nope\" not found",
            engine.Skiff("network", "create", "-d", "nope", NewName()).Expect(1).Errors,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Networks_outlive_a_crash_and_cleanup_leaves_no_bridge()
    {
        string bridge;
        using (var own = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}"))
        {
            own.Skiff("pull", "busybox").Expect();
            bridge = $"br-{own.Skiff("network", "create", "kept").Expect().Text[..12]}";
            own.Skiff("network", "create", "unused").Expect();
            string id = own.Skiff("run", "-d", "--network", "kept", "--name", "peer", "busybox", "sleep", "300").Expect().Text;
            own.Crash();
            Command.Run("ip", "link", "show", bridge).Expect();
            own.Start();
            own.Skiff("run", "--rm", "--network", "kept", "busybox", "ping", "-c", "1", "-w", "5", "peer").Expect();
            Assert.Contains("unused", own.Skiff("network", "prune", "-f").Expect().Output, StringComparison.Ordinal);
            Assert.Equal("kept", own.Skiff("network", "ls", "-f", "type=custom", "--format", "{{.Name}}").Expect().Text);
            own.Skiff("rm", "-f", id).Expect();
        }
        Command.Run("ip", "link", "show", bridge).Expect(1);
    }
}
