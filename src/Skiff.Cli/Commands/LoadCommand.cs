// skiff load: images from an archive.
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class LoadCommand : Command
{
    readonly StringFlag input;
    readonly StringFlag platform;
    readonly BoolFlag quiet;

    public LoadCommand()
    {
        input = Flags.String("input", "Read this file instead of stdin", 'i');
        platform = Flags.String("platform", "Load only this platform (linux/amd64)");
        quiet = Flags.Bool("quiet", "Do not show the progress", 'q');
    }

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Load images from an archive that save made";
    public override IReadOnlyList<string> Examples => ["load -i app.tar", "load < app.tar.gz"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        using Stream archive = Open();
        _ = context.Engine.Version; // negotiated before the connection is busy with the archive
        var answer = context.Engine.Request(
            "POST",
            new Query("/images/load").Add("quiet", quiet).Add("platform", PlatformOption.ToJson(platform.Given)),
            headers: "Content-Type: application/x-tar\r\n",
            upload: archive
        );
        new ProgressDisplay(Stdio.Out) { Intercept = quiet ? message => message.Status is not null : null }.Show(answer.Body);
        return 0;
    }

    Stream Open()
    {
        if (input.IsSet)
            return InputFile.Open(input);
        return Stdio.In.IsTerminal ? throw new CliException("requested load from stdin, but stdin is empty") : Stdio.In;
    }
}
