// Tables, sizes, spans of time, ports.
using Skiff.Cli.Output;
using Skiff.Docker;
using Xunit;

namespace Skiff.Tests.Cli.Output;

public sealed class TableTests
{
    [Fact]
    public void Aligns_columns_as_docker_does() =>
        Assert.Equal(
            "REPOSITORY                     TAG       SIZE\n127.0.0.1:5000/bench/busybox   1         1.98MB\né                              …         1B\n",
            Table.Align(["REPOSITORY\tTAG\tSIZE", "127.0.0.1:5000/bench/busybox\t1\t1.98MB", "é\t…\t1B"])
        );

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1984172, "1.98MB")]
    [InlineData(633488468, "633MB")]
    [InlineData(119801467, "120MB")]
    [InlineData(999, "999B")]
    [InlineData(1000, "1kB")]
    [InlineData(999999, "1e+03kB")]
    public void Writes_sizes(long bytes, string text) => Assert.Equal(text, Units.Size(bytes));

    [Fact]
    public void Writes_binary_sizes() => Assert.Equal("23.54GiB", Units.BinarySize(25276502016));

    [Theory]
    [InlineData(0.5, "Less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(60 * 46, "46 minutes")]
    [InlineData(60 * 60, "About an hour")]
    [InlineData(60 * 60 * 3, "3 hours")]
    [InlineData(60 * 60 * 48, "2 days")]
    [InlineData(60 * 60 * 24 * 15, "2 weeks")]
    [InlineData(60 * 60 * 24 * 90, "3 months")]
    [InlineData(60 * 60 * 24 * 900, "2 years")]
    public void Writes_spans(double seconds, string text) => Assert.Equal(text, Units.Span(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("short", 20, "short")]
    [InlineData("sh -c 'echo a very long command'", 20, "sh -c 'echo a very …")]
    [InlineData("ab😀cd", 4, "ab…")]
    public void Shortens(string text, int length, string expected) => Assert.Equal(expected, Units.Ellipsis(text, length));

    [Fact]
    public void Shows_ports_with_neighbours_as_ranges()
    {
        static PortSummary Port(string? ip, int inside, int outside) =>
            new()
            {
                IP = ip,
                PrivatePort = (ushort)inside,
                PublicPort = (ushort)outside,
                Type = "tcp",
            };
        Assert.Equal("", PortText.Of([]));
        Assert.Equal("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp", PortText.Of([Port("::", 80, 8080), Port("0.0.0.0", 80, 8080)]));
        Assert.Equal(
            "90-92/tcp, 0.0.0.0:80-81->80-81/tcp",
            PortText.Of([
                Port("0.0.0.0", 80, 80),
                Port("0.0.0.0", 81, 81),
                Port(null, 90, 0),
                Port(null, 91, 0),
                Port(null, 92, 0),
            ])
        );
    }

    [Fact]
    public void Lists_by_table_template_json_and_quietly()
    {
        var listing = new Listing(
            new Dictionary<string, string> { ["ID"] = "ID", ["Name"] = "NAME" },
            ["ID", "Name"],
            "ID",
            "*test"
        );
        var row = new Row(new Dictionary<string, string> { ["l"] = "v" }) { ["ID"] = "1", ["Name"] = "a\tb" };
        Assert.Equal("ID        NAME\n1         a b\n", listing.Format([row], "", quiet: false));
        Assert.Equal("1\n", listing.Format([row], "", quiet: true));
        Assert.Equal("1 v\n", listing.Format([row], "{{.ID}} {{.Label \"l\"}}", quiet: false));
        Assert.Equal(
            "NAME      x\na\n".Replace("a\n", "a         \n"),
            listing.Format(
                [new Row(new Dictionary<string, string>()) { ["ID"] = "1", ["Name"] = "a" }],
                "table {{.Name}}\\t{{.Label \"x\"}}",
                quiet: false
            )
        );
        Assert.Equal("{\"ID\":\"1\",\"Name\":\"a\\tb\"}\n", listing.Format([row], "json", quiet: false));
        Assert.Throws<FormatException>(() => listing.Format([row], "{{.Nope}}", quiet: false));
    }
}
