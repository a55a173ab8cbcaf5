// skiff builder prune: forgets what the steps of builds left.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class BuilderPruneCommand : Command
{
    readonly BoolFlag all;
    readonly ListFlag filter;
    readonly BoolFlag force;
    readonly ValueFlag<long> keep;

    public BuilderPruneCommand()
    {
        all = Flags.Bool("all", "What images share, too, and the caches of RUN --mount=type=cache", 'a');
        filter = Flags.Add(
            new ListFlag("filter", '\0', "filter", "Only what was not used for a while (until=24h)") { Check = Values.Filter }
        );
        force = Flags.Bool("force", "Do not ask", 'f');
        keep = Flags.Add(
            new ValueFlag<long>("keep-storage", '\0', "bytes", "Keep the most recently used, up to so much", t => Values.Bytes(t))
        );
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Remove what builds left";
    public override IReadOnlyList<string> Examples =>
        ["builder prune -f --filter until=24h", "builder prune -a --keep-storage 5g"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (
            !force
            && !Confirmation.Ask(
                all ? "WARNING! This will remove all build cache." : "WARNING! This will remove all dangling build cache."
            )
        )
            return 0;
        var (text, bytes) = Prune(context, Values.Filters(filter), all, keep.IsSet ? keep.Value : 0);
        CliContext.Print(text);
        CliContext.PrintLine($"Total:\t{Units.Size(bytes, 4)}");
        return 0;
    }

    /// <summary>Prunes; returns what is to be told of it, and the bytes that are free now.</summary>
    public static (string Text, ulong Bytes) Prune(CliContext context, Filters filters, bool all, long keep)
    {
        var answer = context.Engine.Post(
            new Query("/build/prune")
                .Add("all", all)
                .Add("filters", filters)
                .Add("keep-storage", keep > 0 ? keep.ToString(System.Globalization.CultureInfo.InvariantCulture) : null),
            default,
            DockerJson.Wire.BuildPruneAnswer
        );
        string text = answer.CachesDeleted is { Count: > 0 } deleted
            ? "Deleted build cache objects:\n" + string.Join('\n', deleted) + "\n\n"
            : "";
        return (text, (ulong)answer.SpaceReclaimed);
    }
}
