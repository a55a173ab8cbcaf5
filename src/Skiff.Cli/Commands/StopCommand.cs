// skiff stop: asks running containers to end, then makes them.
using System.Globalization;
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class StopCommand : EachCommand
{
    readonly StringFlag signal;
    readonly IntegerFlag timeout;

    public StopCommand()
    {
        signal = Flags.String("signal", "Signal to send first", 's');
        timeout = Flags.Integer("timeout", "Seconds from that signal to a kill; -1 waits for ever", 't');
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Stop running containers";
    public override IReadOnlyList<string> Examples => ["stop web", "stop -t 1 web"];

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("POST", With(new Query(Container(name) + "/stop"), signal, timeout));
        return name;
    }

    public static Query With(Query query, StringFlag signal, IntegerFlag timeout) =>
        query.Add("signal", signal.Given).Add("t", timeout.IsSet ? timeout.Value.ToString(CultureInfo.InvariantCulture) : null);
}
