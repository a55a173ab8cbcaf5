// skiff history: of what steps an image was made.
using System.Globalization;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class HistoryCommand : Command
{
    readonly BoolFlag human,
        noTrunc,
        quiet;
    readonly StringFlag format,
        platform;

    public HistoryCommand()
    {
        format = Flags.String("format", ListFormat.Help);
        human = Flags.Bool("human", "Show sizes and times for people", 'H', initially: true);
        noTrunc = Flags.Bool("no-trunc", "Shorten nothing");
        platform = Flags.String("platform", "Platform of the image (linux/amd64)");
        quiet = Flags.Bool("quiet", "Show only ids", 'q');
    }

    public override string Usage => "[OPTIONS] IMAGE";
    public override string Summary => "Show how an image was made";
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var items = context.Engine.Get(
            new Query($"/images/{Query.EscapeImage(arguments[0])}/history").Add(
                "platform",
                PlatformOption.ToJson(platform.Given)
            ),
            DockerJson.Wire.IReadOnlyListImageHistoryItem
        );
        CliContext.Print(Listing.Format([.. items.Select(ToRow)], format, quiet));
        return 0;
    }

    Listing Listing =>
        new(
            new Dictionary<string, string>
            {
                ["ID"] = "IMAGE",
                ["CreatedSince"] = "CREATED",
                ["CreatedAt"] = "CREATED AT",
                ["CreatedBy"] = "CREATED BY",
                ["Size"] = "SIZE",
                ["Comment"] = "COMMENT",
            },
            ["ID", human ? "CreatedSince" : "CreatedAt", "CreatedBy", "Size", "Comment"],
            "ID",
            "*image.historyContext"
        );

    Row ToRow(ImageHistoryItem item)
    {
        var created = DateTimeOffset.FromUnixTimeSeconds(item.Created);
        string by = item.CreatedBy.Replace('\t', ' ');
        string at = created.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return new Row
        {
            ["ID"] = noTrunc || item.Id == "<missing>" ? item.Id : Units.ShortId(item.Id),
            ["CreatedSince"] = human
                ? item.Created <= 0
                    ? "N/A"
                    : Units.Ago(created)
                : at,
            ["CreatedAt"] = at,
            ["CreatedBy"] = noTrunc ? by : Units.Ellipsis(by, 45),
            ["Size"] = human ? Units.Size(item.Size) : item.Size.ToString(CultureInfo.InvariantCulture),
            ["Comment"] = item.Comment,
        };
    }
}
