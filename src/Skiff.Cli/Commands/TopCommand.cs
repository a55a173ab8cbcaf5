// skiff top: the processes of a container.
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class TopCommand() : Command(interspersed: false)
{
    public override string Usage => "CONTAINER [ps OPTIONS]";
    public override string Summary => "Show the processes of a container";
    public override IReadOnlyList<string> Examples => ["top web", "top web -o pid,comm"];
    public override int MinArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var top = context.Engine.Get(
            new Query($"/containers/{Query.Escape(arguments[0])}/top").Add("ps_args", string.Join(' ', arguments.Skip(1))),
            DockerJson.Wire.ContainerTopAnswer
        );
        List<string> rows = [string.Join('\t', top.Titles), .. top.Processes.Select(p => string.Join('\t', p))];
        CliContext.Print(Table.Align(rows, minWidth: 20, padding: 3));
        return 0;
    }
}
