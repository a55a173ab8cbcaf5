// skiff restart: stops and starts.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class RestartCommand : EachCommand
{
    readonly StringFlag signal;
    readonly IntegerFlag timeout;

    public RestartCommand()
    {
        signal = Flags.String("signal", "Signal to send first", 's');
        timeout = Flags.Integer("timeout", "Seconds from that signal to a kill; -1 waits for ever", 't');
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Restart containers";

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("POST", StopCommand.With(new Query(Container(name) + "/restart"), signal, timeout));
        return name;
    }
}
