// skiff context export: a context into a file to carry elsewhere.
using Skiff.Cli.Contexts;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class ContextExportCommand : Command
{
    public override string Usage => "CONTEXT [FILE|-]";
    public override string Summary => "Export a context into a tar";
    public override IReadOnlyList<string> Examples =>
        ["context export far", "context export far - | ssh other skiff context import far -"];
    public override int MinArguments => 1;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        ContextStore.CheckName(arguments[0]);
        var exported = context.Contexts.Get(arguments[0]);
        string path = arguments.Count == 2 ? arguments[1] : exported.Name + ".dockercontext";
        if (path == "-")
        {
            if (Stdio.Out.IsTerminal)
                throw new CliException("cowardly refusing to export to a terminal, specify a file path");
            ContextArchive.Write(exported, Stdio.Out);
            return 0;
        }
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(path, options))
            ContextArchive.Write(exported, file);
        CliContext.Warn($"Written file \"{path}\"");
        return 0;
    }
}
