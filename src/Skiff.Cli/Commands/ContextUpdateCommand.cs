// skiff context update: another engine, or another description, for a context.
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class ContextUpdateCommand : Command
{
    readonly StringFlag description;
    readonly ListFlag docker;

    public ContextUpdateCommand()
    {
        description = Flags.String("description", "What it is for");
        docker = Flags.List("docker", EndpointOption.Help, kind: "stringToString");
    }

    public override string Usage => "[OPTIONS] CONTEXT";
    public override string Summary => "Update a context";
    public override IReadOnlyList<string> Examples => ["context update far --docker host=tcp://127.0.0.1:2376"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        ContextStore.CheckName(arguments[0]);
        var known = context.Contexts.Get(arguments[0]);
        context.Contexts.Save(
            EndpointOption.Apply(known, docker.Values, context.FindContext) with
            {
                Description = description.Given ?? known.Description,
            }
        );
        CliContext.PrintLine(arguments[0]);
        CliContext.Warn($"Successfully updated context \"{arguments[0]}\"");
        return 0;
    }
}
