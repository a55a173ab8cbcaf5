// skiff context use: from now on, commands go to this engine.
using Skiff.Cli.Contexts;

namespace Skiff.Cli.Commands;

internal sealed class ContextUseCommand : Command
{
    public override string Usage => "CONTEXT";
    public override string Summary => "Use a context from now on";
    public override IReadOnlyList<string> Examples => ["context use far", "context use default"];
    public override int MinArguments => 1;
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string name = arguments[0];
        if (name != ContextStore.Default)
            context.Contexts.Get(name);
        context.Config.SetCurrentContext(name == ContextStore.Default ? null : name);
        CliContext.PrintLine(name);
        CliContext.Warn($"Current context is now \"{name}\"");
        if (name != ContextStore.Default && ContextChoice.HostVariable is not null)
            CliContext.Warn(
                $"Warning: DOCKER_HOST environment variable overrides the active context. To use \"{name}\", either set the global --context flag, or unset DOCKER_HOST environment variable."
            );
        return 0;
    }
}
