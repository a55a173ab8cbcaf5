// skiff rm: removes containers.
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class RmCommand : EachCommand
{
    readonly BoolFlag force;
    readonly BoolFlag link;
    readonly BoolFlag volumes;

    public RmCommand()
    {
        force = Flags.Bool("force", "Kill it first if it runs", 'f');
        link = Flags.Bool("link", "Remove a link, not the container", 'l');
        volumes = Flags.Bool("volumes", "Remove its volumes that have no name", 'v');
    }

    public override string Usage => "[OPTIONS] CONTAINER [CONTAINER...]";
    public override string Summary => "Remove containers";
    public override IReadOnlyList<string> Examples => ["rm web", "rm -f $(skiff ps -aq)     every container, running or not"];

    protected override string? Do(CliContext context, string name)
    {
        name = name.Trim('/');
        if (name.Length == 0)
            throw new CliException("Container name cannot be empty");
        try
        {
            context.Engine.Do("DELETE", new Query(Container(name)).Add("force", force).Add("v", volumes).Add("link", link));
        }
        catch (EngineErrorException e) when (force && e.Status == 404)
        {
            // With force, what is gone already is no failure; it is said all the same.
            CliContext.Warn(e.Message);
            return null;
        }
        return name;
    }
}
