// skiff volume rm: removes volumes with their data.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class VolumeRmCommand : EachCommand
{
    readonly BoolFlag force;

    public VolumeRmCommand() => force = Flags.Bool("force", "A volume that does not exist is no failure", 'f');

    public override string Usage => "[OPTIONS] VOLUME [VOLUME...]";
    public override string Summary => "Remove volumes, with the data in them";
    public override IReadOnlyList<string> Examples => ["volume rm data"];

    protected override string? Do(CliContext context, string name)
    {
        context.Engine.Do("DELETE", new Query("/volumes/" + Query.Escape(name)).Add("force", force));
        return name;
    }
}
