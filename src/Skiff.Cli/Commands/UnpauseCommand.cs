// skiff unpause: lets paused containers go on.
namespace Skiff.Cli.Commands;

internal sealed class UnpauseCommand : EachCommand
{
    public override string Usage => "CONTAINER [CONTAINER...]";
    public override string Summary => "Let paused containers go on";

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("POST", Container(name) + "/unpause");
        return name;
    }
}
