using System.Net;
using Skiff.Engine;
using Skiff.Engine.Networks;
using Skiff.Engine.Networks.Dns;
using Xunit;

namespace Skiff.Tests.Engine.Networks;

public sealed class EtcFilesTextTests
{
    static readonly HostResolvConf Host = HostResolvConf.Parse(
        "# a comment\nnameserver 10.0.0.53\nnameserver fe80::1%1\nnameserver nonsense\ndomain old.example\nsearch a.example  b.example\t\noptions timeout:1\noptions rotate\nlookup file\n; nameserver 1.1.1.1\n"
    );

    [Fact]
    public void Reads_what_the_host_asks()
    {
        Assert.Equal([IPAddress.Parse("10.0.0.53"), IPAddress.Parse("fe80::1%1")], Host.NameServers);
        Assert.Equal(["a.example", "b.example"], Host.Search);
        Assert.Equal(["timeout:1", "rotate"], Host.Options);
    }

    [Fact]
    public void On_a_network_our_resolver_is_the_only_server() =>
        Assert.EndsWith(
            "\n\nnameserver 127.0.0.11\nsearch a.example b.example\noptions timeout:1 rotate ndots:0\n",
            Host.ForContainer(ownResolver: true, ["8.8.8.8"], [], []),
            StringComparison.Ordinal
        );

    [Fact]
    public void What_the_user_sets_replaces_what_the_host_has() =>
        Assert.EndsWith(
            "\n\nnameserver 127.0.0.11\noptions ndots:3\n",
            Host.ForContainer(ownResolver: true, [], ["."], ["ndots:3"]),
            StringComparison.Ordinal
        );

    [Fact]
    public void Without_our_resolver_the_servers_are_named() =>
        Assert.EndsWith(
            "\n\nnameserver 9.9.9.9\nsearch x.example\noptions timeout:1 rotate\n",
            Host.ForContainer(ownResolver: false, ["9.9.9.9"], ["x.example"], []),
            StringComparison.Ordinal
        );

    [Fact]
    public void Hosts_names_loopback_extra_hosts_and_the_container_itself()
    {
        string text = HostsFile.Text(
            "web",
            "example.com",
            ["172.17.0.2"],
            ["db:10.0.0.9", "up:host-gateway", "six=[fd00::1]"],
            "172.17.0.1"
        );
        Assert.StartsWith("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", text, StringComparison.Ordinal);
        Assert.EndsWith(
            "ff02::2\tip6-allrouters\n10.0.0.9\tdb\n172.17.0.1\tup\nfd00::1\tsix\n172.17.0.2\tweb.example.com web\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Rejects_the_gateway_of_a_host_without_network() =>
        Assert.Throws<EngineException>(() => HostsFile.Text("web", "", [], ["up:host-gateway"], null));
}
