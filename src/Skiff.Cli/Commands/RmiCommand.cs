// skiff rmi: removes names of images, and with the last name the image.
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class RmiCommand : EachCommand
{
    readonly BoolFlag force;
    readonly BoolFlag noPrune;
    readonly ListFlag platform;

    public RmiCommand()
    {
        force = Flags.Bool("force", "Remove it even if containers were made of it or it has many names", 'f');
        noPrune = Flags.Bool("no-prune", "Keep parents that have no name");
        platform = Flags.List("platform", "Remove only this platform (linux/amd64)", kind: "strings");
    }

    public override string Usage => "[OPTIONS] IMAGE [IMAGE...]";
    public override string Summary => "Remove images";
    public override IReadOnlyList<string> Examples => ["rmi app:1 app:2"];

    protected override string? Do(CliContext context, string name)
    {
        var query = new Query("/images/" + Query.EscapeImage(name)).Add("force", force).Add("noprune", noPrune);
        foreach (string text in platform.Values)
            query.Add("platforms", PlatformOption.ToJson(text));
        try
        {
            var answer = context.Engine.Request("DELETE", query);
            var items = JsonSerializer.Deserialize(
                answer.Body.ReadAll(16 << 20).Span,
                DockerJson.Wire.IReadOnlyListImageDeleteItem
            );
            var lines = (items ?? []).Select(i => i.Deleted is { } id ? "Deleted: " + id : "Untagged: " + i.Untagged);
            return string.Join('\n', lines) is { Length: > 0 } text ? text : null;
        }
        catch (EngineErrorException e) when (force && e.Status == 404)
        {
            // With force, what is gone already is no failure; it is said all the same.
            CliContext.Warn(e.Message);
            return null;
        }
    }
}
