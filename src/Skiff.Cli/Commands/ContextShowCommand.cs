// skiff context show: the name of the context in use.
namespace Skiff.Cli.Commands;

internal sealed class ContextShowCommand : Command
{
    public override string Usage => "";
    public override string Summary => "Print the name of the context in use";
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        CliContext.PrintLine(context.ContextName);
        return 0;
    }
}
