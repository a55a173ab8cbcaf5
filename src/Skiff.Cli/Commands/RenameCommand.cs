// skiff rename: gives a container another name.
namespace Skiff.Cli.Commands;

internal sealed class RenameCommand : Command
{
    public override string Usage => "CONTAINER NEW_NAME";
    public override string Summary => "Rename a container";
    public override int MinArguments => 2;
    public override int MaxArguments => 2;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        try
        {
            context.Engine.Do("POST", new Query($"/containers/{Query.Escape(arguments[0])}/rename").Add("name", arguments[1]));
        }
        catch (EngineErrorException e)
        {
            throw new CliException($"{e.Message}\nError: failed to rename container named {arguments[0]}");
        }
        return 0;
    }
}
