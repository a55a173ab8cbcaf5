// skiff export: a container's files as a tar.
using Skiff.Cli.Options;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class ExportCommand : Command
{
    readonly StringFlag output;

    public ExportCommand() => output = Flags.String("output", "Write this file instead of stdout", 'o');

    public override string Usage => "[OPTIONS] CONTAINER";
    public override string Summary => "Write a container's files as a tar";
    public override IReadOnlyList<string> Examples => ["export -o web.tar web", "export web | tar -t"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        if (!output.IsSet && Stdio.Out.IsTerminal)
            throw new CliException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        var answer = context.Engine.Request("GET", new Query($"/containers/{Query.Escape(arguments[0])}/export"));
        OutputFile.Write(answer.Body, output.Given);
        return 0;
    }
}
