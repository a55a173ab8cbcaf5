// skiff context create: a name for an engine.
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class ContextCreateCommand : Command
{
    readonly StringFlag description,
        from;
    readonly ListFlag docker;

    public ContextCreateCommand()
    {
        description = Flags.String("description", "What it is for");
        docker = Flags.List("docker", EndpointOption.Help, kind: "stringToString");
        from = Flags.String("from", "Begin with a copy of this context");
    }

    public override string Usage => "[OPTIONS] CONTEXT";
    public override string Summary => "Create a context";
    public override IReadOnlyList<string> Examples =>
        ["context create far --docker host=tcp://127.0.0.1:2375", "context use far"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string name = arguments[0];
        ContextStore.CheckName(name);
        if (context.Contexts.Contains(name))
            throw new CliException($"context \"{name}\" already exists");
        // Without a word about the engine, it is the one in use now.
        var made =
            from.IsSet || docker.Values.Count == 0
                ? context.FindContext(from.Given ?? context.ContextName)
                : new DockerContext("", "", "", false);
        made = EndpointOption.Apply(made, docker.Values, context.FindContext);
        context.Contexts.Save(made with { Name = name, Description = description.Given ?? made.Description });
        CliContext.PrintLine(name);
        CliContext.Warn($"Successfully created context \"{name}\"");
        return 0;
    }
}
