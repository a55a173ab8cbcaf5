// skiff context rm: forgets contexts; their engines go on.
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;

namespace Skiff.Cli.Commands;

internal sealed class ContextRmCommand : Command
{
    readonly BoolFlag force;

    public ContextRmCommand() => force = Flags.Bool("force", "Even the one in use", 'f');

    public override string Usage => "[OPTIONS] CONTEXT [CONTEXT...]";
    public override string Summary => "Remove contexts";
    public override int MinArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var failures = new List<string>();
        foreach (string name in arguments)
        {
            bool current = name == context.Config.CurrentContext;
            if (name == ContextStore.Default)
                failures.Add("context \"default\" cannot be removed");
            else if (!context.Contexts.Contains(name) && !force)
                failures.Add($"context \"{name}\" does not exist");
            else if (current && !force)
                failures.Add($"context \"{name}\" is in use, set -f flag to force remove");
            else
            {
                context.Contexts.Remove(name);
                if (current)
                    context.Config.SetCurrentContext(null);
                CliContext.PrintLine(name);
            }
        }
        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }
}
