// Published ports: who reaches them, who does not, and what is left of them.
using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class PublishTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly OutsideHost outside = new();

    public void Dispose() => outside.Dispose();

    /// <summary>A server that says "reached" to each client of TCP port 7000.</summary>
    string Serve(string client, params string[] flags) => Serve(engine, client, flags);

    static string Serve(EngineUnderTest engine, string client, params string[] flags)
    {
        string id = engine
            .Client(client, ["run", "-d", .. flags, "busybox", "nc", "-ll", "-p", "7000", "-e", "echo", "reached"], null)
            .Expect()
            .Text;
        // The server is there when it answers on its own loopback.
        engine
            .Skiff("exec", id, "sh", "-c", "until nc -w 1 127.0.0.1 7000 </dev/null | grep -q reached; do usleep 10000; done")
            .Expect();
        return id;
    }

    string PortOf(string id, string inside = "7000") => engine.Skiff("port", id, inside).Expect().Text.Split(':')[^1];

    void Remove(params string[] ids) => engine.Skiff(["rm", "-f", .. ids]).Expect();

    static string Ask(string address, string number) => Command.Run("/bin/busybox", "nc", "-w", "3", address, number).Text;

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_published_port_is_reached_by_loopback_by_the_hosts_address_and_from_outside(string client)
    {
        string id = Serve(client, "-p", "7000");
        string number = PortOf(id);
        Assert.Equal("reached", Ask("127.0.0.1", number));
        Assert.Equal("reached", Ask(outside.HostAddress, number));
        Assert.Equal("reached", outside.Run("/bin/busybox", "nc", "-w", "3", outside.HostAddress, number).Text);
        // From a neighbour, and from itself, by way of the host's address.
        string asked = $"nc -w 3 {outside.HostAddress} {number}";
        Assert.Equal("reached", engine.Client(client, ["run", "--rm", "busybox", "sh", "-c", asked], null).Expect().Text);
        Assert.Equal("reached", engine.Client(client, ["exec", id, "sh", "-c", asked], null).Expect().Text);

        string shown = $"0.0.0.0:{number}";
        Assert.Equal($"7000/tcp -> {shown}", engine.Client(client, ["port", id], null).Expect().Text);
        Assert.Contains(
            $"{shown}->7000/tcp",
            engine.Client(client, ["ps", "--format", "{{.Ports}}"], null).Expect().Output,
            StringComparison.Ordinal
        );
        Assert.Equal(
            $"0.0.0.0 {number}",
            engine
                .Client(
                    client,
                    [
                        "inspect",
                        "--format",
                        "{{with index .NetworkSettings.Ports \"7000/tcp\" 0}}{{.HostIp}} {{.HostPort}}{{end}}",
                        id,
                    ],
                    null
                )
                .Expect()
                .Text
        );
        Remove(id);
    }

    [Fact]
    public void A_port_published_at_loopback_is_out_of_reach_for_neighbours_and_containers()
    {
        string id = Serve("skiff", "-p", "127.0.0.1::7000");
        string number = PortOf(id);
        Assert.Equal("reached", Ask("127.0.0.1", number));
        Assert.Equal("", outside.Run("/bin/busybox", "nc", "-w", "2", outside.HostAddress, number).Text);
        Assert.Equal(
            "",
            engine.Skiff("run", "--rm", "busybox", "sh", "-c", $"nc -w 2 {outside.HostAddress} {number}; true").Expect().Text
        );
        Remove(id);
    }

    [Fact]
    public void A_crafted_packet_to_a_loopback_address_does_not_reach_what_is_published_there()
    {
        string id = engine.Skiff("run", "-d", "-p", "127.0.0.1::7000/udp", "busybox", "sleep", "60").Expect().Text;
        using var inside = ServeDatagrams(id);
        int number = int.Parse(PortOf(id, "7000/udp"), null);
        // Both machines as careless as they can be: packets to loopback addresses leave the one and reach the other.
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{outside.Link}/route_localnet", "1");
        outside.RouteThroughHost("127.0.0.1");
        outside.Run("ip", "route", "flush", "table", "local", "root", "127.0.0.0/8").Expect();
        using var open = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)) { Client = { ReceiveTimeout = 5000 } };
        using var crafty = outside.Open(() => new UdpClient(AddressFamily.InterNetwork));
        crafty.Send("crafted"u8, new IPEndPoint(IPAddress.Loopback, number));
        crafty.Send("crafted"u8, (IPEndPoint)open.Client.LocalEndPoint!);
        var from = new IPEndPoint(IPAddress.Any, 0);
        Assert.Equal("crafted", Encoding.ASCII.GetString(open.Receive(ref from)));
        using var own = new UdpClient(AddressFamily.InterNetwork);
        own.Send("own"u8, new IPEndPoint(IPAddress.Loopback, number));
        Assert.Equal("own", Encoding.ASCII.GetString(inside.Receive(ref from)));
        Remove(id);
    }

    UdpClient ServeDatagrams(string id)
    {
        string pid = engine.Skiff("inspect", "--format", "{{.State.Pid}}", id).Expect().Text;
        return Inside.Open(
            $"/proc/{pid}/ns/net",
            () => new UdpClient(new IPEndPoint(IPAddress.Any, 7000)) { Client = { ReceiveTimeout = 5000 } }
        );
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_taken_port_is_told_at_the_start(string client)
    {
        using var program = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        program.Bind(new IPEndPoint(IPAddress.Any, 0));
        program.Listen();
        int number = ((IPEndPoint)program.LocalEndPoint!).Port;
        var refused = engine.Client(client, ["run", "--rm", "-p", $"{number}:7000", "busybox", "true"], null).Expect(125);
        Assert.Contains("address already in use", refused.Errors, StringComparison.Ordinal);

        string id = Serve(client, "-p", "7000");
        string taken = PortOf(id);
        refused = engine.Client(client, ["run", "--rm", "-p", $"{taken}:7000", "busybox", "true"], null).Expect(125);
        Assert.Contains($"Bind for 0.0.0.0:{taken} failed: port is already allocated", refused.Errors, StringComparison.Ordinal);
        // And no program of the host can take it.
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<SocketException>(() => late.Bind(new IPEndPoint(IPAddress.Any, int.Parse(taken, null))));
        Remove(id);
        late.Bind(new IPEndPoint(IPAddress.Any, int.Parse(taken, null)));
    }

    [Fact]
    public void Datagrams_come_in_and_their_answers_go_back()
    {
        string id = engine.Skiff("run", "-d", "-p", "7000/udp", "busybox", "sleep", "60").Expect().Text;
        using var inside = ServeDatagrams(id);
        int number = int.Parse(PortOf(id, "7000/udp"), null);
        using var local = new UdpClient { Client = { ReceiveTimeout = 5000 } };
        using var remote = outside.Open(() => new UdpClient(AddressFamily.InterNetwork));
        remote.Client.ReceiveTimeout = 5000;
        local.Connect(IPAddress.Loopback, number);
        remote.Connect(outside.HostAddress, number);
        foreach (var client in (UdpClient[])[local, remote])
        {
            client.Send("ping"u8);
            var from = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal("ping", Encoding.ASCII.GetString(inside.Receive(ref from)));
            inside.Send("pong"u8, from);
            Assert.Equal("pong", Encoding.ASCII.GetString(client.Receive(ref from)));
        }
        Remove(id);
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Exposed_ports_are_published_with_P_and_ranges_port_by_port(string client)
    {
        string id = Serve(client, "-P", "--expose", "7000", "--expose", "7001/udp");
        Assert.Equal("reached", Ask("127.0.0.1", PortOf(id)));
        Assert.Equal(2, engine.Client(client, ["port", id], null).Expect().Text.Split('\n').Length);
        Remove(id);
        id = Serve(client, "-p", "127.0.0.1:28100-28102:7000-7002");
        Assert.Equal("reached", Ask("127.0.0.1", "28100"));
        string second = Serve(client, "-p", "127.0.0.1:28100-28110:7000");
        Assert.Equal("28103", PortOf(second));
        Remove(id, second);
    }

    [Fact]
    public void Ports_outlive_a_crash_of_the_engine_and_nothing_of_them_is_left_after_it()
    {
        using var own = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        own.Skiff("pull", "busybox").Expect();
        string id = Serve(own, "skiff", "-p", "127.0.0.1::7000");
        string ended = Serve(own, "skiff", "-p", "127.0.0.1::7000");
        string number = own.Skiff("port", id, "7000").Expect().Text.Split(':')[^1];
        string endedPid = own.Skiff("inspect", "--format", "{{.State.Pid}}", ended).Expect().Text;
        own.Crash();
        Assert.Equal("reached", Ask("127.0.0.1", number));
        Command.Run("kill", "-9", endedPid).Expect();
        own.Start();
        Assert.Equal("reached", Ask("127.0.0.1", number));
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<SocketException>(() => late.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(number, null))));
        string rules = Command.Run("nft", "list", "table", "inet", $"skiff_{own.Bridge}").Expect().Output;
        Assert.Equal(
            1,
            rules
                .Split('\n')
                .Count(l => l.Contains(": 172.", StringComparison.Ordinal) || l.Contains(": 192.", StringComparison.Ordinal))
        );
        own.Skiff("rm", "-f", id).Expect();
        rules = Command.Run("nft", "list", "table", "inet", $"skiff_{own.Bridge}").Expect().Output;
        Assert.DoesNotContain(number, rules, StringComparison.Ordinal);
        late.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(number, null)));
    }
}
