// skiff network ls: the list of networks.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class NetworkLsCommand : Command
{
    readonly BoolFlag noTrunc,
        quiet;
    readonly ListFlag filter;
    readonly StringFlag format;

    public NetworkLsCommand()
    {
        filter = Flags.Add(
            new ListFlag("filter", 'f', "filter", "Show only some (driver=bridge, name=web ...)") { Check = Values.Filter }
        );
        format = Flags.String("format", ListFormat.Help);
        noTrunc = Flags.Bool("no-trunc", "Shorten nothing");
        quiet = Flags.Bool("quiet", "Show only ids", 'q');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "List networks";
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var networks = context.Engine.Get(
            new Query("/networks").Add("filters", Values.Filters(filter)),
            DockerJson.Wire.IReadOnlyListNetworkBody
        );
        var rows = networks.OrderBy(n => n.Name, StringComparer.Ordinal).Select(ToRow).ToList();
        CliContext.Print(Listing.Format(rows, format, quiet));
        return 0;
    }

    static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["ID"] = "NETWORK ID",
            ["Name"] = "NAME",
            ["Driver"] = "DRIVER",
            ["Scope"] = "SCOPE",
            ["IPv4"] = "IPV4",
            ["IPv6"] = "IPV6",
            ["Internal"] = "INTERNAL",
            ["Labels"] = "LABELS",
            ["CreatedAt"] = "CREATED AT",
        },
        ["ID", "Name", "Driver", "Scope"],
        "ID",
        "*network.networkContext"
    )
    {
        Raw = "network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n",
    };

    Row ToRow(NetworkBody network)
    {
        var labels = network.Labels ?? new Dictionary<string, string>();
        return new Row(labels)
        {
            ["ID"] = noTrunc ? network.Id : Units.ShortId(network.Id),
            ["Name"] = network.Name,
            ["Driver"] = network.Driver,
            ["Scope"] = network.Scope,
            ["IPv4"] = network.EnableIPv4 ? "true" : "false",
            ["IPv6"] = network.EnableIPv6 ? "true" : "false",
            ["Internal"] = network.Internal ? "true" : "false",
            ["Labels"] = string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")),
            ["CreatedAt"] = network.Created.Replace('T', ' ').Replace("Z", " +0000 UTC", StringComparison.Ordinal),
        };
    }
}
