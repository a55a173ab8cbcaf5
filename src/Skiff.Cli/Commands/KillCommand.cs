// skiff kill: sends a signal to containers.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class KillCommand : EachCommand
{
    readonly StringFlag signal;

    public KillCommand() => signal = Flags.String("signal", "Signal to send (KILL, SIGHUP, 9)", 's');

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Kill running containers";
    public override IReadOnlyList<string> Examples => ["kill web", "kill -s HUP web"];

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("POST", new Query(Container(name) + "/kill").Add("signal", signal.Given));
        return name;
    }
}
