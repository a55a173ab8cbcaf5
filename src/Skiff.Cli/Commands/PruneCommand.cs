// skiff container|image|network|volume prune: removes what nobody uses.
using System.Text;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class PruneCommand : Command
{
    readonly string kind;
    readonly ListFlag filter;
    readonly BoolFlag force;
    readonly BoolFlag? all;

    /// <param name="kind">"container", "image", "network" or "volume"</param>
    public PruneCommand(string kind)
    {
        this.kind = kind;
        if (kind is "image" or "volume")
            all = Flags.Bool(
                "all",
                kind == "image" ? "Those with a name too, if no container uses them" : "Those with a name too",
                'a'
            );
        filter = Flags.Add(
            new ListFlag("filter", '\0', "filter", "Remove only some (until=24h, label=a=b ...)") { Check = Values.Filter }
        );
        force = Flags.Bool("force", "Do not ask", 'f');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => $"Remove {kind}s that are not used";
    public override IReadOnlyList<string> Examples => [$"{kind} prune", $"{kind} prune -f --filter label=test"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string what = kind switch
        {
            "container" => "all stopped containers",
            "image" when all! => "all images without at least one container associated to them",
            "image" => "all dangling images",
            "network" => "all custom networks not used by at least one container",
            _ when all! => "all local volumes not used by at least one container",
            _ => "anonymous local volumes not used by at least one container",
        };
        if (!force && !Confirmation.Ask($"WARNING! This will remove {what}."))
            return 0;
        var (text, bytes) = Prune(context, kind, Values.Filters(filter), all is not null && all);
        CliContext.Print(text);
        if (kind != "network")
            CliContext.PrintLine($"Total reclaimed space: {Units.Size(bytes, 4)}");
        return 0;
    }

    /// <summary>Prunes; returns what is to be told of it, and the bytes that are free now.</summary>
    /// <param name="all">images and volumes with a name, too</param>
    public static (string Text, ulong Bytes) Prune(CliContext context, string kind, Filters filters, bool all)
    {
        switch (kind)
        {
            case "container":
                var containers = Post(DockerJson.Wire.ContainerPruneAnswer);
                return (Told("Containers", containers.ContainersDeleted), containers.SpaceReclaimed);
            case "image":
                filters.Add("dangling", all ? "false" : "true");
                var images = Post(DockerJson.Wire.ImagePruneAnswer);
                return (
                    Told(
                        "Images",
                        images.ImagesDeleted?.Select(i => i.Deleted is { } id ? "deleted: " + id : "untagged: " + i.Untagged)
                    ),
                    images.SpaceReclaimed
                );
            case "network":
                return (Told("Networks", Post(DockerJson.Wire.NetworkPruneAnswer).NetworksDeleted), 0);
            default:
                if (all)
                    filters.Add("all", "true");
                var volumes = Post(DockerJson.Wire.VolumePruneAnswer);
                return (Told("Volumes", volumes.VolumesDeleted), volumes.SpaceReclaimed);
        }

        T Post<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            context.Engine.Post(new Query($"/{kind}s/prune").Add("filters", filters), default, type);
    }

    static string Told(string title, IEnumerable<string>? deleted)
    {
        var text = new StringBuilder();
        foreach (string name in deleted ?? [])
            text.Append(text.Length == 0 ? $"Deleted {title}:\n" : "").Append(name).Append('\n');
        return text.Length == 0 ? "" : text.Append('\n').ToString();
    }
}

/// <summary>A question before something is gone for good.</summary>
internal static class Confirmation
{
    /// <summary>true: the answer is y or yes. The end of the input is no.</summary>
    public static bool Ask(string warning)
    {
        CliContext.Print(warning + "\nAre you sure you want to continue? [y/N] ");
        var answer = new StringBuilder();
        Span<byte> one = stackalloc byte[1];
        while (answer.Length < 100 && Terminal.Stdio.In.Read(one) == 1 && one[0] != '\n')
            answer.Append((char)one[0]);
        return answer.ToString().Trim().ToLowerInvariant() is "y" or "yes";
    }
}
