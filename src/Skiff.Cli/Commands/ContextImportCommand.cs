// skiff context import: a context from a file that export made.
using Skiff.Cli.Contexts;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class ContextImportCommand : Command
{
    public override string Usage => "CONTEXT FILE|-";
    public override string Summary => "Import a context from a tar";
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string name = arguments[0];
        ContextStore.CheckName(name);
        if (context.Contexts.Contains(name))
            throw new CliException($"context \"{name}\" already exists");
        using Stream input = arguments[1] == "-" ? Stdio.In : File.OpenRead(arguments[1]);
        context.Contexts.Save(ContextArchive.Read(input, name));
        CliContext.PrintLine(name);
        CliContext.Warn($"Successfully imported context \"{name}\"");
        return 0;
    }
}
