// skiff commit: an image of a container as it is.
using Skiff.Cli.Options;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class CommitCommand : Command
{
    readonly StringFlag author;
    readonly ListFlag change;
    readonly StringFlag message;
    readonly BoolFlag noPause;
    readonly BoolFlag pause;

    public CommitCommand()
    {
        author = Flags.String("author", "Author of the image (\"Ann <ann@example.org>\")", 'a');
        change = Flags.List("change", "Apply an instruction of a Dockerfile (CMD, ENV ...)", 'c');
        message = Flags.String("message", "Comment in the image's history", 'm');
        noPause = Flags.Bool("no-pause", "Let the container run on meanwhile");
        pause = Flags.Add(new BoolFlag("pause", 'p', "Pause the container meanwhile", initially: true) { Hidden = true });
    }

    public override string Usage => "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]";
    public override string Summary => "Make an image from a container as it is";
    public override IReadOnlyList<string> Examples =>
        ["commit web shop/web:fixed", "commit -c 'CMD [\"nginx\"]' -m 'with nginx' box own/nginx"];
    public override int MinArguments => 1;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        Reference? name = arguments.Count == 2 ? Reference.Parse(arguments[1]) : null;
        var query = new Query("/commit")
            .Add("container", arguments[0])
            .Add("repo", name?.FamiliarRepository)
            .Add("tag", name?.Tag)
            .Add("comment", message.Given)
            .Add("author", author.Given)
            .Add("pause", noPause || !pause ? "0" : "1");
        foreach (string instruction in change.Values)
            query.Add("changes", instruction);
        CliContext.PrintLine(context.Engine.Post(query, default, DockerJson.Wire.IdAnswer).Id);
        return 0;
    }
}
