// The way out: a host beyond the machine sees the machine's address, answers, and cannot come in by itself.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class NetworkTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly OutsideHost outside = new();

    public void Dispose() => outside.Dispose();

    [Fact]
    public void Containers_reach_the_outside_under_the_address_of_the_host()
    {
        using var served = outside.Serve(8080);
        string seen = engine.Skiff("run", "--rm", "busybox", "nc", "-w", "5", outside.Address, "8080").Expect().Text;
        Assert.Equal(outside.HostAddress, seen);
    }

    [Fact]
    public void The_outside_cannot_reach_a_container_that_publishes_nothing()
    {
        string id = engine.Skiff("run", "-d", "busybox", "nc", "-ll", "-p", "7000", "-e", "echo", "reached").Expect().Text;
        string address = engine.Skiff("inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", id).Expect().Text;
        Assert.Equal("reached", engine.Skiff("run", "--rm", "busybox", "nc", "-w", "5", address, "7000").Expect().Text);
        outside.RouteThroughHost(address);
        Assert.DoesNotContain(
            "reached",
            outside.Run("/bin/busybox", "nc", "-w", "2", address, "7000").Output,
            StringComparison.Ordinal
        );
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Fact]
    public void Without_a_network_there_is_only_loopback() =>
        Assert.Equal("lo", engine.Skiff("run", "--rm", "--network", "none", "busybox", "ls", "/sys/class/net").Expect().Text);

    [Fact]
    public void On_the_network_of_the_host_its_interfaces_are_seen() =>
        Assert.Contains(
            engine.Bridge,
            engine.Skiff("run", "--rm", "--network", "host", "busybox", "ls", "/sys/class/net").Expect().Output,
            StringComparison.Ordinal
        );

    [Fact]
    public void Two_engines_side_by_side_do_not_touch_each_other()
    {
        using var other = new EngineUnderTest("--registry-mirror", $"http://{port.Registry.Host}");
        string first = engine.Skiff("run", "-d", "--name", "same-name", "busybox", "sleep", "60").Expect().Text;
        string second = other.Skiff("run", "-d", "--name", "same-name", "busybox", "sleep", "60").Expect().Text;
        Assert.Equal(second[..12], other.Skiff("ps", "-q").Expect().Text);
        Assert.DoesNotContain(second[..12], engine.Skiff("ps", "-q").Expect().Text, StringComparison.Ordinal);
        string Subnet(EngineUnderTest of) =>
            of.Skiff("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}").Expect().Text;
        Assert.NotEqual(Subnet(engine), Subnet(other));
        other.Crash();
        other.Start();
        using var served = outside.Serve(8080);
        Assert.Equal(
            outside.HostAddress,
            other.Skiff("exec", "same-name", "nc", "-w", "5", outside.Address, "8080").Expect().Text
        );
        engine.Skiff("rm", "-f", first).Expect();
    }
}
