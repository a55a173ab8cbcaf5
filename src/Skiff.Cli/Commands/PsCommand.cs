// skiff ps: the list of containers.
using System.Globalization;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class PsCommand : Command
{
    readonly BoolFlag all,
        latest,
        noTrunc,
        quiet,
        size;
    readonly ListFlag filter;
    readonly StringFlag format;
    readonly IntegerFlag last;

    public PsCommand()
    {
        all = Flags.Bool("all", "Show stopped containers too", 'a');
        filter = Flags.Add(
            new ListFlag("filter", 'f', "filter", "Show only some (status=exited, name=web, label=a=b ...)")
            {
                Check = Values.Filter,
            }
        );
        format = Flags.String("format", ListFormat.Help);
        last = Flags.Integer("last", "Show this many, the last created", 'n', -1);
        latest = Flags.Bool("latest", "Show the last created", 'l');
        noTrunc = Flags.Bool("no-trunc", "Shorten nothing");
        quiet = Flags.Bool("quiet", "Show only ids", 'q');
        size = Flags.Bool("size", "Show how much was written", 's');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "List containers";
    public override IReadOnlyList<string> Examples => ["ps -a", "ps --format '{{.Names}}: {{.Status}}'"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string template = format.Given ?? (quiet ? "" : context.Config.PsFormat ?? "");
        long limit = latest ? 1 : last.Value;
        var containers = context.Engine.Get(
            new Query("/containers/json")
                .Add("all", all)
                .Add("limit", limit > 0 ? limit.ToString(CultureInfo.InvariantCulture) : null)
                .Add(
                    "size",
                    size
                        || template.Contains(".Size", StringComparison.Ordinal)
                        || template.Contains("json .}", StringComparison.Ordinal)
                )
                .Add("filters", Values.Filters(filter)),
            DockerJson.Wire.IReadOnlyListContainerSummary
        );
        var listing = size
            ? Listing with
            {
                Columns = [.. Listing.Columns, "Size"],
                Raw = Raw + "size: {{.Size}}\n",
            }
            : Listing with
            {
                Raw = Raw,
            };
        CliContext.Print(listing.Format([.. containers.Select(ToRow)], template, quiet));
        return 0;
    }

    static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["ID"] = "CONTAINER ID",
            ["Names"] = "NAMES",
            ["Image"] = "IMAGE",
            ["Command"] = "COMMAND",
            ["CreatedAt"] = "CREATED AT",
            ["RunningFor"] = "CREATED",
            ["Ports"] = "PORTS",
            ["State"] = "STATE",
            ["Status"] = "STATUS",
            ["Size"] = "SIZE",
            ["Labels"] = "LABELS",
            ["Mounts"] = "MOUNTS",
            ["LocalVolumes"] = "LOCAL VOLUMES",
            ["Networks"] = "NETWORKS",
            ["Platform"] = "PLATFORM",
        },
        ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"],
        "ID",
        "*formatter.ContainerContext"
    )
    {
        FailurePrefix = "failed to execute template: ",
    };

    const string Raw =
        "container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\n"
        + "status: {{- pad .Status 1 0}}\nnames: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\nports: {{- pad .Ports 1 0}}\n";

    Row ToRow(ContainerSummary container)
    {
        var created = DateTimeOffset.FromUnixTimeSeconds(container.Created);
        return new Row(container.Labels ?? new Dictionary<string, string>())
        {
            ["ID"] = noTrunc ? container.Id : Units.ShortId(container.Id),
            ["Names"] = Names(container),
            ["Image"] = Image(container),
            ["Command"] = "\"" + (noTrunc ? container.Command : Units.Ellipsis(container.Command, 20)) + "\"",
            ["CreatedAt"] = Units.GoTime(created),
            ["RunningFor"] = Units.Ago(created),
            ["Ports"] = PortText.Of(container.Ports ?? []),
            ["State"] = container.State,
            ["Status"] = container.Status,
            ["Size"] = Size(container),
            ["Labels"] = string.Join(
                ',',
                (container.Labels ?? new Dictionary<string, string>())
                    .OrderBy(l => l.Key, StringComparer.Ordinal)
                    .Select(l => $"{l.Key}={l.Value}")
            ),
            ["Mounts"] = string.Join(',', (container.Mounts ?? []).Select(m => Mount(m.Name ?? m.Source))),
            ["LocalVolumes"] = (container.Mounts ?? []).Count(m => m.Driver == "local").ToString(CultureInfo.InvariantCulture),
            ["Networks"] = string.Join(
                ',',
                container.NetworkSettings?.Networks?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()
            ),
            ["Platform"] = null,
        };
    }

    string Mount(string name) => noTrunc ? name : Units.Ellipsis(name, 15);

    // Names with a further slash are links to other containers.
    string Names(ContainerSummary container)
    {
        var names = (container.Names ?? []).Select(n => n.TrimStart('/'));
        return string.Join(',', noTrunc ? names : names.Where(n => !n.Contains('/')));
    }

    // An image without a name is shown by its id.
    string Image(ContainerSummary container) =>
        container.Image.Length == 0 ? "<no image>"
        : !noTrunc && container.Image == container.ImageID ? Units.ShortId(container.Image)
        : container.Image;

    static string Size(ContainerSummary container)
    {
        string own = Units.Size(container.SizeRw ?? 0);
        return container.SizeRootFs is > 0 and { } root ? $"{own} (virtual {Units.Size(root)})" : own;
    }
}
