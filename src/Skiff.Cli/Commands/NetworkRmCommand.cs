// skiff network rm: removes networks.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class NetworkRmCommand : EachCommand
{
    readonly BoolFlag force;

    public NetworkRmCommand() => force = Flags.Bool("force", "A network that does not exist is no failure", 'f');

    public override string Usage => "NETWORK [NETWORK...]";
    public override string Summary => "Remove networks";
    public override IReadOnlyList<string> Examples => ["network rm backend"];

    protected override string? Do(CliContext context, string name)
    {
        try
        {
            context.Engine.Do("DELETE", "/networks/" + Query.Escape(name));
            return name;
        }
        catch (EngineErrorException e) when (force && e.Status == 404)
        {
            return null;
        }
    }
}
