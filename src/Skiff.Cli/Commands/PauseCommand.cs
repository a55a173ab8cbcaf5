// skiff pause: freezes all processes of containers.
namespace Skiff.Cli.Commands;

internal sealed class PauseCommand : EachCommand
{
    public override string Usage => "CONTAINER [CONTAINER...]";
    public override string Summary => "Pause all processes of containers";

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("POST", Container(name) + "/pause");
        return name;
    }
}
