// skiff volume ls: the list of volumes.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class VolumeLsCommand : Command
{
    readonly BoolFlag quiet;
    readonly ListFlag filter;
    readonly StringFlag format;

    public VolumeLsCommand()
    {
        filter = Flags.Add(
            new ListFlag("filter", 'f', "filter", "Show only some (dangling=true, label=a=b ...)") { Check = Values.Filter }
        );
        format = Flags.String("format", ListFormat.Help);
        quiet = Flags.Bool("quiet", "Show only names", 'q');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "List volumes";
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var list = context.Engine.Get(new Query("/volumes").Add("filters", Values.Filters(filter)), DockerJson.Wire.VolumeList);
        foreach (string warning in list.Warnings ?? [])
            CliContext.Warn("WARNING: " + warning);
        var rows = (list.Volumes ?? []).OrderBy(v => v.Name, StringComparer.Ordinal).Select(ToRow).ToList();
        CliContext.Print(Listing.Format(rows, format, quiet));
        return 0;
    }

    static readonly Listing Listing = new(
        new Dictionary<string, string>
        {
            ["Name"] = "VOLUME NAME",
            ["Driver"] = "DRIVER",
            ["Scope"] = "SCOPE",
            ["Mountpoint"] = "MOUNTPOINT",
            ["Labels"] = "LABELS",
        },
        ["Driver", "Name"],
        "Name",
        "*formatter.volumeContext"
    )
    {
        Raw = "name: {{.Name}}\ndriver: {{.Driver}}\n",
    };

    static Row ToRow(VolumeBody volume)
    {
        var labels = volume.Labels ?? new Dictionary<string, string>();
        return new Row(labels)
        {
            ["Name"] = volume.Name,
            ["Driver"] = volume.Driver,
            ["Scope"] = volume.Scope,
            ["Mountpoint"] = volume.Mountpoint,
            ["Labels"] = string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")),
        };
    }
}
