// skiff kill: sends a signal to containers.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class KillCommand : EachCommand
{
    readonly StringFlag signal;
    readonly BoolFlag exec;

    public KillCommand()
    {
        exec = Flags.Bool("exec", "What is named are execs, by id (see .ExecIDs of inspect)");
        signal = Flags.String("signal", "Signal to send (KILL, SIGHUP, 9)", 's');
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Kill running containers";
    public override IReadOnlyList<string> Examples => ["kill web", "kill -s HUP web", "kill --exec EXEC_ID"];

    protected override string? Do(CliContext context, string name)
    {
        string target = exec ? $"/exec/{Uri.EscapeDataString(name)}" : Container(name);
        context.Engine.Do("POST", new Query(target + "/kill").Add("signal", signal.Given));
        return name;
    }
}
