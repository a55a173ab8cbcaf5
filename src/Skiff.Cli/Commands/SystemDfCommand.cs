// skiff system df: how much of the engine's disk is used, and what could be had back.
using System.Globalization;
using System.Text;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class SystemDfCommand : Command
{
    readonly StringFlag format;
    readonly BoolFlag verbose;

    public SystemDfCommand()
    {
        format = Flags.String("format", ListFormat.Help);
        verbose = Flags.Bool("verbose", "Show every image, container and volume", 'v');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Show how much disk is used";
    public override IReadOnlyList<string> Examples => ["system df", "system df -v"];
    public override int MaxArguments => 0;

    static readonly Listing Totals = new(
        new Dictionary<string, string>
        {
            ["Type"] = "TYPE",
            ["TotalCount"] = "TOTAL",
            ["Active"] = "ACTIVE",
            ["Size"] = "SIZE",
            ["Reclaimable"] = "RECLAIMABLE",
        },
        ["Type", "TotalCount", "Active", "Size", "Reclaimable"],
        "Type",
        "*formatter.diskUsageImagesContext"
    );

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (verbose && format.Value.Length > 0)
            throw new CliException("--format together with --verbose is not supported by this release of Skiff");
        var usage = context.Engine.Get("/system/df", DockerJson.Wire.DiskUsageBody);
        CliContext.Print(verbose ? Verbose(usage) : Totals.Format([.. Rows(usage)], format, quiet: false));
        return 0;
    }

    static IEnumerable<Row> Rows(DiskUsageBody usage)
    {
        var images = usage.Images ?? [];
        var containers = usage.Containers ?? [];
        var volumes = usage.Volumes ?? [];
        long usedLayers = images.Where(i => i.Containers > 0).Sum(i => i.Size - Math.Max(0, i.SharedSize));
        yield return Row(
            "Images",
            images.Count,
            images.Count(i => i.Containers > 0),
            usage.LayersSize,
            usage.LayersSize - usedLayers
        );
        yield return Row(
            "Containers",
            containers.Count,
            containers.Count(IsActive),
            containers.Sum(c => c.SizeRw ?? 0),
            containers.Where(c => !IsActive(c)).Sum(c => c.SizeRw ?? 0)
        );
        yield return Row(
            "Local Volumes",
            volumes.Count,
            volumes.Count(v => v.UsageData?.RefCount > 0),
            volumes.Sum(v => Math.Max(0, v.UsageData?.Size ?? 0)),
            volumes.Where(v => v.UsageData?.RefCount == 0).Sum(v => Math.Max(0, v.UsageData?.Size ?? 0))
        );
        yield return Row("Build Cache", 0, 0, 0, 0);
    }

    static bool IsActive(ContainerSummary container) => container.State is "running" or "paused" or "restarting";

    static Row Row(string type, int count, int active, long bytes, long free) =>
        new()
        {
            ["Type"] = type,
            ["TotalCount"] = count.ToString(CultureInfo.InvariantCulture),
            ["Active"] = active.ToString(CultureInfo.InvariantCulture),
            ["Size"] = Units.Size(bytes, 4),
            ["Reclaimable"] =
                bytes > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"{Units.Size(free, 4)} ({free * 100 / bytes}%)")
                    : Units.Size(free, 4),
        };

    static string Verbose(DiskUsageBody usage)
    {
        var text = new StringBuilder("Images space usage:\n\n");
        List<string> rows = ["REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS"];
        foreach (var image in usage.Images ?? [])
        foreach (string name in image.RepoTags is { Count: > 0 } tags ? tags : ["<none>:<none>"])
        {
            bool named = Reference.TryParse(name, out var reference);
            rows.Add(
                string.Join(
                    '\t',
                    named ? reference!.FamiliarRepository : "<none>",
                    named ? reference!.Tag : "<none>",
                    Units.ShortId(image.Id),
                    Units.Ago(DateTimeOffset.FromUnixTimeSeconds(image.Created)),
                    Units.Size(image.Size),
                    Units.Size(Math.Max(0, image.SharedSize), 4),
                    Units.Size(image.Size - Math.Max(0, image.SharedSize), 4),
                    image.Containers.ToString(CultureInfo.InvariantCulture)
                )
            );
        }
        text.Append(Table.Align(rows)).Append("\nContainers space usage:\n\n");
        rows = ["CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES"];
        foreach (var container in usage.Containers ?? [])
            rows.Add(
                string.Join(
                    '\t',
                    Units.ShortId(container.Id),
                    container.Image,
                    $"\"{Units.Ellipsis(container.Command, 20)}\"",
                    (container.Mounts ?? []).Count(m => m.Driver == "local").ToString(CultureInfo.InvariantCulture),
                    Units.Size(container.SizeRw ?? 0),
                    Units.Ago(DateTimeOffset.FromUnixTimeSeconds(container.Created)),
                    container.Status,
                    string.Join(',', (container.Names ?? []).Select(n => n.TrimStart('/')))
                )
            );
        text.Append(Table.Align(rows)).Append("\nLocal Volumes space usage:\n\n");
        rows = ["VOLUME NAME\tLINKS\tSIZE"];
        foreach (var volume in usage.Volumes ?? [])
            rows.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{volume.Name}\t{volume.UsageData?.RefCount ?? 0}\t{Units.Size(Math.Max(0, volume.UsageData?.Size ?? 0))}"
                )
            );
        text.Append(Table.Align(rows)).Append("\nBuild cache usage: 0B\n\n");
        return text.Append(Table.Align(["CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED"])).ToString();
    }
}
