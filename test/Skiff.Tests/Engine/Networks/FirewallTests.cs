using Skiff.Engine.Networks;
using Xunit;

namespace Skiff.Tests.Engine.Networks;

public sealed class FirewallTests
{
    static PortElement Element(string hostIp, ushort hostPort) =>
        new(new PublishedPort(80, "tcp", hostIp, hostPort), "172.17.0.2");

    [Fact]
    public void One_transaction_replaces_the_table_of_this_bridge_only()
    {
        string[] lines = new Firewall("skiff0").Rules().Text.Split('\n');
        Assert.Equal(
            ["add table inet skiff_skiff0 ", "delete table inet skiff_skiff0 ", "add table inet skiff_skiff0 "],
            lines[..3]
        );
        Assert.All(lines[3..^1], l => Assert.Contains(" inet skiff_skiff0 ", l, StringComparison.Ordinal));
    }

    [Fact]
    public void Published_ports_are_elements_and_no_rules()
    {
        var firewall = new Firewall("skiff0");
        int empty = Rules(firewall);
        firewall.Remember([Element("0.0.0.0", 8080), Element("127.0.0.1", 81), Element("198.18.0.1", 82)]);
        Assert.Equal(empty, Rules(firewall));
        string text = firewall.Rules().Text;
        Assert.Contains("published_any { tcp . 8080 : 172.17.0.2 . 80 }", text, StringComparison.Ordinal);
        Assert.Contains(
            "published { tcp . 127.0.0.1 . 81 : 172.17.0.2 . 80, tcp . 198.18.0.1 . 82 : 172.17.0.2 . 80 }",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("loopback { tcp . 127.0.0.1 . 81 }", text, StringComparison.Ordinal);
    }

    static int Rules(Firewall firewall) =>
        firewall.Rules().Text.Split('\n').Count(l => l.StartsWith("add rule", StringComparison.Ordinal));

    [Fact]
    public void A_port_in_the_journal_reads_as_it_was_written()
    {
        var element = Element("127.0.0.1", 8080);
        Assert.Equal(element, PortElement.Of(element.Entry("owner")));
        Assert.Null(PortElement.Of(element.Entry("owner") with { Resource = "tcp/0.0.0.0/x/172.17.0.2/80" }));
    }

    [Theory]
    [InlineData("0.0.0.0", 80, "127.0.0.1", 80, true)]
    [InlineData("127.0.0.1", 80, "127.0.0.2", 80, false)]
    [InlineData("0.0.0.0", 80, "0.0.0.0", 81, false)]
    public void Two_publications_meet_where_one_packet_could_be_for_both(
        string one,
        ushort onePort,
        string other,
        ushort otherPort,
        bool meet
    ) => Assert.Equal(meet, Element(one, onePort).Port.Meets(Element(other, otherPort).Port));
}
