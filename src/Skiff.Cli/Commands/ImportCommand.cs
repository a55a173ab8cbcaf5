// skiff import: an image of one layer from a tar of files.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;
using Skiff.Oci.Names;

namespace Skiff.Cli.Commands;

internal sealed class ImportCommand : Command
{
    readonly ListFlag change;
    readonly StringFlag message;
    readonly StringFlag platform;

    public ImportCommand()
    {
        change = Flags.List("change", "Apply an instruction of a Dockerfile (CMD, ENV ...)", 'c');
        message = Flags.String("message", "Comment in the image's history", 'm');
        platform = Flags.String("platform", "Platform of the image (linux/amd64)");
    }

    public override string Usage => "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]";
    public override string Summary => "Make an image from a tar of files";
    public override IReadOnlyList<string> Examples => ["import -c 'CMD [\"/bin/bash\"]' root.tar.gz debian:own"];
    public override int MinArguments => 1;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string source = arguments[0];
        Reference? name = arguments.Count == 2 ? Reference.Parse(arguments[1]) : null;
        bool remote =
            source.StartsWith("http://", StringComparison.Ordinal) || source.StartsWith("https://", StringComparison.Ordinal);
        using Stream? tar =
            remote ? null
            : source == "-" ? Stdio.In
            : InputFile.Open(source);
        _ = context.Engine.Version; // negotiated before the connection is busy with the tar
        var query = new Query("/images/create")
            .Add("fromSrc", remote ? source : "-")
            .Add("repo", name?.FamiliarRepository)
            .Add("tag", name?.Tag)
            .Add("message", message.Given)
            .Add("platform", platform.Given);
        foreach (string instruction in change.Values)
            query.Add("changes", instruction);
        var answer = context.Engine.Request("POST", query, headers: "Content-Type: application/x-tar\r\n", upload: tar);
        new ProgressDisplay(Stdio.Out).Show(answer.Body);
        return 0;
    }
}
