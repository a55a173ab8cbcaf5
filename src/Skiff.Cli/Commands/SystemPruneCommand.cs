// skiff system prune: removes all that nobody uses.
using System.Text;
using Skiff.Cli.Options;
using Skiff.Cli.Output;

namespace Skiff.Cli.Commands;

internal sealed class SystemPruneCommand : Command
{
    readonly BoolFlag all,
        force,
        volumes;
    readonly ListFlag filter;

    public SystemPruneCommand()
    {
        all = Flags.Bool("all", "Images with a name too, if no container uses them", 'a');
        filter = Flags.Add(
            new ListFlag("filter", '\0', "filter", "Remove only some (until=24h, label=a=b ...)") { Check = Values.Filter }
        );
        force = Flags.Bool("force", "Do not ask", 'f');
        volumes = Flags.Bool("volumes", "Volumes without a name too");
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Remove containers, networks and images that are not used";
    public override IReadOnlyList<string> Examples =>
        ["system prune", "system prune -af --volumes     nothing is left that is not used"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (volumes && filter.Values.Any(f => f.StartsWith("until=", StringComparison.Ordinal)))
            throw new CliException("ERROR: The \"until\" filter is not supported with \"--volumes\"");
        if (!force && !Confirmation.Ask(Warning()))
            return 0;
        ulong bytes = 0;
        foreach (string kind in (string[])["container", "network", .. volumes ? ["volume"] : Array.Empty<string>(), "image"])
            try
            {
                var (text, freed) = PruneCommand.Prune(context, kind, Values.Filters(filter), all && kind == "image");
                CliContext.Print(text);
                bytes += freed;
            }
            catch (EngineErrorException e) when (e.Status == 501)
            {
                // An engine without such things has none that are unused.
            }
        CliContext.PrintLine($"Total reclaimed space: {Units.Size(bytes, 4)}");
        return 0;
    }

    string Warning()
    {
        var text = new StringBuilder("WARNING! This will remove:\n  - all stopped containers\n");
        text.Append("  - all networks not used by at least one container\n");
        if (volumes)
            text.Append("  - all anonymous volumes not used by at least one container\n");
        text.Append(all ? "  - all images without at least one container associated to them\n" : "  - all dangling images\n");
        text.Append(all ? "  - all build cache\n" : "  - unused build cache\n");
        if (filter.Values.Count > 0)
            text.Append("\n  Items to be pruned will be filtered with:\n")
                .AppendJoin("", filter.Values.Select(f => $"  - {f}\n"));
        return text.ToString();
    }
}
