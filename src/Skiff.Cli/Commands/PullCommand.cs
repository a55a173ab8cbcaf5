// skiff pull: brings an image from its registry.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class PullCommand() : TransferCommand("Pull every tag of the repository", "Platform of the image (linux/amd64)")
{
    public override string Usage => "[OPTIONS] NAME[:TAG|@DIGEST]";
    public override string Summary => "Pull an image from a registry";
    public override IReadOnlyList<string> Examples => ["pull debian", "pull registry.example:5000/team/app:2"];

    protected override void Transfer(CliContext context, Reference image)
    {
        Pull(context, image, Platform.Given, Quiet ? null : Stdio.Out, AllTags);
        CliContext.PrintLine(image.ToString());
    }

    /// <summary>Pulls, showing the progress.</summary>
    /// <param name="output">null shows nothing</param>
    public static void Pull(CliContext context, Reference image, string? platform, Stdio? output, bool allTags)
    {
        string? tag = allTags ? null : image.Digest?.ToString() ?? image.Tag;
        var answer = context.Engine.Request(
            "POST",
            new Query("/images/create").Add("fromImage", image.Repository).Add("tag", tag).Add("platform", platform),
            headers: $"X-Registry-Auth: {context.Config.AuthFor(image).ToHeader()}\r\n"
        );
        new ProgressDisplay(output ?? Stdio.Error) { Intercept = output is null ? message => message.Error is null : null }.Show(
            answer.Body
        );
    }
}
