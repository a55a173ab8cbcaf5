// skiff push: takes an image to its registry.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class PushCommand : Command
{
    readonly BoolFlag allTags,
        quiet;
    readonly StringFlag platform;

    public PushCommand()
    {
        allTags = Flags.Bool("all-tags", "Push every tag of the repository", 'a');
        Flags.Add(
            new StringFlag("disable-content-trust", '\0', "", "")
            {
                Hidden = true,
                Bare = "true",
                Check = Values.NoContentTrust,
            }
        );
        platform = Flags.String("platform", "Push only this platform (linux/amd64)");
        quiet = Flags.Bool("quiet", "Print only the image's name", 'q');
    }

    public override string Usage => "[OPTIONS] NAME[:TAG]";
    public override string Summary => "Push an image to a registry";
    public override IReadOnlyList<string> Examples => ["push registry.example:5000/team/app:2"];
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
        var answer = context.Engine.Request(
            "POST",
            new Query($"/images/{Query.EscapeImage(image.FamiliarRepository)}/push")
                .Add("tag", allTags ? null : image.Tag)
                .Add("platform", PlatformOption.ToJson(platform.Given)),
            headers: $"X-Registry-Auth: {context.Config.AuthFor(image).ToHeader()}\r\n"
        );
        new ProgressDisplay(Stdio.Out) { Intercept = quiet ? message => message.Error is null : null }.Show(answer.Body);
        if (quiet)
            CliContext.PrintLine(image.ToString());
        return 0;
    }
}
