// skiff logout: forgets credentials.
namespace Skiff.Cli.Commands;

internal sealed class LogoutCommand : Command
{
    public override string Usage => "[SERVER]";
    public override string Summary => "Log out from a registry; from Docker Hub if none is named";
    public override int MaxArguments => 1;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        string host = arguments.Count == 1 ? LoginCommand.Host(arguments[0]) : "docker.io";
        CliContext.PrintLine(
            context.Config.Store(CliConfig.KeyOf(host), null)
                ? $"Removing login credentials for {host}"
                : $"Not logged in to {host}"
        );
        return 0;
    }
}
