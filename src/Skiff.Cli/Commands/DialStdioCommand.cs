// skiff system dial-stdio: this program's stdin and stdout as a connection to the engine, for clients that come by ssh.
using Skiff.Cli.Http;
using Skiff.Cli.Terminal;

namespace Skiff.Cli.Commands;

internal sealed class DialStdioCommand : Command
{
    public override string Usage => "";
    public override string Summary => "Join stdin and stdout with the engine's socket";
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        using var connection = Connection.Open(EngineAddress.Parse(context.EngineHost));
        // Reads of stdin cannot be cut short: they end with the process.
        new Thread(() => CopyInput(connection)) { IsBackground = true }.Start();
        var buffer = new byte[32 << 10];
        int count;
        while ((count = connection.Read(buffer)) > 0)
            Stdio.Out.Write(buffer.AsSpan(0, count));
        return 0;
    }

    static void CopyInput(Connection connection)
    {
        var buffer = new byte[32 << 10];
        try
        {
            int count;
            while ((count = Stdio.In.Read(buffer)) > 0)
                connection.Write(buffer.AsSpan(0, count));
            connection.ShutdownWrite();
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The engine has closed: the other direction ends too.
        }
    }
}
