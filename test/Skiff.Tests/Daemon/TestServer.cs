// The daemon's own Kestrel on a socket of its own, with a table of routes in place of the engine; and a client that sees bytes.
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Skiff.Daemon;
using Skiff.Daemon.Docker;
using Xunit;

namespace Skiff.Tests.Daemon;

internal sealed class TestServer : IAsyncDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-door-").FullName;
    WebApplication app = null!;

    internal string SocketPath => Path.Combine(directory, "door.sock");

    internal List<Exception> Reported { get; } = [];

    internal static async Task<TestServer> StartAsync(params Route[] table)
    {
        var server = new TestServer();
        var info = new ServerInfo("1.2.3", "abc", false, e => server.Reported.Add(e), (_, e) => server.Reported.Add(e));
        server.app = await ApiServer.StartAsync(
            [$"unix://{server.SocketPath}"],
            "root",
            new Routes(table, info).HandleAsync,
            new ConsoleLog(LogLevel.Critical)
        );
        return server;
    }

    internal async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    /// <summary>Sends a request and reads until the server closes.</summary>
    internal async Task<string> AskAsync(string method, string target, string headers = "")
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
        );
        return await ReadToEndAsync(socket);
    }

    internal static async Task<string> ReadToEndAsync(Socket socket)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0)
            all.Write(buffer, 0, read);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    internal static async Task<string> ReadUntilAsync(Socket socket, string end)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            if (await socket.ReceiveAsync(one, TestContext.Current.CancellationToken) == 0)
                throw new EndOfStreamException(text.ToString());
            text.Append((char)one[0]);
        }
        return text.ToString();
    }

    internal Task StopAsync() => app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
