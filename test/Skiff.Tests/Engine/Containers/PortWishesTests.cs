using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Networks;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class PortWishesTests
{
    static Container Container(HostSettings host, params string[] exposed) =>
        new()
        {
            Id = new string('a', 64),
            Name = "x",
            Created = default,
            ImageName = "i",
            ImageId = Digest.Parse("sha256:" + new string('0', 64)),
            Config = new ContainerConfig { ExposedPorts = exposed },
            Host = host,
        };

    static PortRequest One(string port, string ip, string hostPort) =>
        Assert.Single(PortWishes.Of(Container(new HostSettings { PortBindings = [new(port, ip, hostPort)] })));

    [Fact]
    public void Bindings_become_ranges_of_ports_of_the_host()
    {
        Assert.Equal(new PortRequest(80, "tcp", "", 8080, 8080), One("80/tcp", "", "8080"));
        Assert.Equal(new PortRequest(80, "tcp", "127.0.0.1", 8000, 8010), One("80", "127.0.0.1", "8000-8010"));
        Assert.Equal(new PortRequest(53, "udp", "", 0, 0), One("53/udp", "", ""));
    }

    [Fact]
    public void Publish_all_takes_what_is_exposed_and_not_bound()
    {
        var host = new HostSettings { PublishAllPorts = true, PortBindings = [new("80/tcp", "", "8080")] };
        Assert.Equal(
            [new PortRequest(80, "tcp", "", 8080, 8080), new PortRequest(53, "udp", "", 0, 0)],
            PortWishes.Of(Container(host, "80/tcp", "53/udp"))
        );
    }

    [Theory]
    [InlineData("0/tcp", "", "80")]
    [InlineData("x/tcp", "", "80")]
    [InlineData("80/dccp", "", "80")]
    [InlineData("80/tcp", "nowhere", "80")]
    [InlineData("80/tcp", "", "65536")]
    [InlineData("80/tcp", "", "9-8")]
    [InlineData("80/tcp", "", "1-2-3")]
    public void Rejects_what_is_no_port(string port, string ip, string hostPort) =>
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<EngineException>(() => One(port, ip, hostPort)).Kind);

    [Theory]
    [InlineData("80/sctp", "")]
    [InlineData("80/tcp", "::1")]
    public void Refuses_by_name_what_is_not_there_yet(string port, string ip) =>
        Assert.Equal(ErrorKind.NotImplemented, Assert.Throws<EngineException>(() => One(port, ip, "80")).Kind);

    [Fact]
    public void On_the_network_of_the_host_ports_are_discarded_with_a_warning() =>
        Assert.Single(
            PortWishes.Check(Container(new HostSettings { NetworkMode = "host", PortBindings = [new("80/tcp", "", "80")] }))
        );
}
