// What pull and push have in common: an image by name, its platform, how much is shown.
using Skiff.Cli.Options;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal abstract class TransferCommand : Command
{
    protected TransferCommand(string allTagsHelp, string platformHelp)
    {
        AllTags = Flags.Bool("all-tags", allTagsHelp, 'a');
        Flags.Add(
            new StringFlag("disable-content-trust", '\0', "", "")
            {
                Hidden = true,
                Bare = "true",
                Check = Values.NoContentTrust,
            }
        );
        Platform = Flags.String("platform", platformHelp);
        Quiet = Flags.Bool("quiet", "Print only the image's name", 'q');
    }

    protected BoolFlag AllTags { get; }
    protected StringFlag Platform { get; }
    protected BoolFlag Quiet { get; }

    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var image = Reference.Parse(arguments[0]);
        if (AllTags && !image.IsNameOnly)
            throw new CliException("tag can't be used with --all-tags/-a");
        if (!AllTags && image.IsNameOnly)
        {
            image = image.WithDefaultTag();
            if (!Quiet)
                CliContext.PrintLine("Using default tag: latest");
        }
        Transfer(context, image);
        return 0;
    }

    protected abstract void Transfer(CliContext context, Reference image);
}
