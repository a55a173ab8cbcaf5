// skiff pull: brings an image from its registry.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class PullCommand : Command
{
    readonly BoolFlag allTags,
        quiet;
    readonly StringFlag platform;

    public PullCommand()
    {
        allTags = Flags.Bool("all-tags", "Pull every tag of the repository", 'a');
        Flags.Add(
            new StringFlag("disable-content-trust", '\0', "", "")
            {
                Hidden = true,
                Bare = "true",
                Check = Values.NoContentTrust,
            }
        );
        platform = Flags.String("platform", "Platform of the image (linux/amd64)");
        quiet = Flags.Bool("quiet", "Print only the image's name", 'q');
    }

    public override string Usage => "[OPTIONS] NAME[:TAG|@DIGEST]";
    public override string Summary => "Pull an image from a registry";
    public override IReadOnlyList<string> Examples => ["pull debian", "pull registry.example:5000/team/app:2"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var image = Reference.Parse(arguments[0]);
        if (allTags && !image.IsNameOnly)
            throw new CliException("tag can't be used with --all-tags/-a");
        if (!allTags && image.IsNameOnly)
        {
            image = image.WithDefaultTag();
            if (!quiet)
                CliContext.PrintLine("Using default tag: latest");
        }
        Pull(context, image, platform.Given, quiet ? null : Stdio.Out, allTags);
        CliContext.PrintLine(image.ToString());
        return 0;
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
