// skiff tag: a further name for an image.
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class TagCommand : Command
{
    public override string Usage => "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]";
    public override string Summary => "Give an image a further name";
    public override IReadOnlyList<string> Examples => ["tag app registry.example:5000/team/app:2"];
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (!Reference.TryParse(arguments[1], out var target, out string? error))
            throw new CliException($"Error parsing reference: \"{arguments[1]}\" is not a valid repository/tag: {error}");
        if (target.Digest is not null)
            throw new CliException("refusing to create a tag with a digest reference");
        context.Engine.Do(
            "POST",
            new Query($"/images/{Query.EscapeImage(arguments[0])}/tag")
                .Add("repo", target.FamiliarRepository)
                .Add("tag", target.WithDefaultTag().Tag)
        );
        return 0;
    }
}
