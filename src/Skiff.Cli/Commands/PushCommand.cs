// skiff push: takes an image to its registry.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class PushCommand() : TransferCommand("Push every tag of the repository", "Push only this platform (linux/amd64)")
{
    public override string Usage => "[OPTIONS] NAME[:TAG]";
    public override string Summary => "Push an image to a registry";
    public override IReadOnlyList<string> Examples => ["push registry.example:5000/team/app:2"];

    protected override void Transfer(CliContext context, Reference image)
    {
        Push(context, image, Platform.Given, AllTags, Quiet);
        if (Quiet)
            CliContext.PrintLine(image.ToString());
    }

    /// <summary>Pushes, showing the progress.</summary>
    public static void Push(CliContext context, Reference image, string? platform, bool allTags, bool quiet)
    {
        var answer = context.Engine.Request(
            "POST",
            new Query($"/images/{Query.EscapeImage(image.FamiliarRepository)}/push")
                .Add("tag", allTags ? null : image.Tag)
                .Add("platform", PlatformOption.ToJson(platform)),
            headers: $"X-Registry-Auth: {context.Config.AuthFor(image).ToHeader()}\r\n"
        );
        new ProgressDisplay(Stdio.Out) { Intercept = quiet ? message => message.Error is null : null }.Show(answer.Body);
    }
}
