// skiff diff: what a container changed in its image's files.
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class DiffCommand : Command
{
    public override string Usage => "CONTAINER";
    public override string Summary => "Show what a container changed: A added, C changed, D deleted";
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var changes = context.Engine.Get(
            new Query($"/containers/{Query.Escape(arguments[0])}/changes"),
            DockerJson.Wire.IReadOnlyListFilesystemChange
        );
        foreach (var change in changes)
            CliContext.PrintLine($"{"CAD"[change.Kind]} {change.Path}");
        return 0;
    }
}
