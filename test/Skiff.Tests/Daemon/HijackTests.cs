// Attach and exec on the wire: upgrade or not, half-closed clients, clients that vanish, a daemon that stops.
using System.Net.Sockets;
using System.Text;
using Skiff.Daemon;
using Skiff.Daemon.Docker;
using Skiff.Docker;
using Skiff.Engine.Containers;
using Xunit;

namespace Skiff.Tests.Daemon;

public sealed class HijackTests
{
    const string Upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

    /// <summary>A process of a test: what it reads and writes is the other end of a session's socket.</summary>
    sealed class FakeProcess : IDisposable
    {
        readonly Socket sessionEnd;

        internal FakeProcess()
        {
            string path = Path.Combine(Path.GetTempPath(), $"skiff-p{Guid.NewGuid():n}");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            sessionEnd = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            sessionEnd.Connect(new UnixDomainSocketEndPoint(path));
            Stdio = listener.Accept();
            File.Delete(path);
        }

        internal Socket Stdio { get; }

        /// <summary>Kestrel has seen the client's half-close, and whoever listens to it was told.</summary>
        internal TaskCompletionSource ClientFinished { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        internal TaskCompletionSource SessionOver { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Route Route(bool terminal = false) =>
            new(
                "POST",
                "attach",
                async request =>
                {
                    if (request.HasBody)
                        await request.ReadAsync(DockerJson.Wire.ExecStartBody);
                    // Registered before the session: told after it.
                    request.Http.Features.Get<ClientConnection>()!.Finished.Register(() => ClientFinished.TrySetResult());
                    var asked = new AttachRequest(true, true, true, Logs: false, Stream: true, DetachKeys: null);
                    try
                    {
                        await Hijack.RunAsync(
                            request,
                            new AttachSession(
                                terminal,
                                asked,
                                _ => Task.FromResult<Socket?>(sessionEnd),
                                null,
                                () => { },
                                () => { }
                            )
                        );
                    }
                    finally
                    {
                        SessionOver.TrySetResult();
                    }
                }
            );

        public void Dispose()
        {
            Stdio.Dispose();
            sessionEnd.Dispose();
        }
    }

    static Task SendAsync(Socket socket, string text) => socket.SendAsync(Encoding.ASCII.GetBytes(text));

    [Fact]
    public async Task A_client_that_half_closes_still_gets_all_output()
    {
        using var process = new FakeProcess();
        await using var server = await TestServer.StartAsync(process.Route());
        using var client = await server.ConnectAsync();
        // What follows the head at once is input already.
        await SendAsync(client, $"POST /attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\nearly ");
        string head = await TestServer.ReadUntilAsync(client, "\r\n\r\n");
        Assert.StartsWith(
            "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n",
            head,
            StringComparison.Ordinal
        );
        await SendAsync(client, "late");
        client.Shutdown(SocketShutdown.Send);

        // The process sees the end of its input only after all of it, and speaks only then.
        Assert.Equal("early late", await TestServer.ReadToEndAsync(process.Stdio));
        await process.ClientFinished.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        byte[] large = new byte[1 << 20];
        Array.Fill(large, (byte)'x');
        var writing = WriteAsync();
        Assert.Equal(large.Length, (await TestServer.ReadToEndAsync(client)).Length);
        await writing;
        await process.SessionOver.Task;

        async Task WriteAsync()
        {
            for (int sent = 0; sent < large.Length; )
                sent += await process.Stdio.SendAsync(large.AsMemory(sent), TestContext.Current.CancellationToken);
            process.Stdio.Shutdown(SocketShutdown.Send);
        }
    }

    [Fact]
    public async Task A_start_with_a_body_is_upgraded_too()
    {
        using var process = new FakeProcess();
        await using var server = await TestServer.StartAsync(process.Route(terminal: true));
        using var client = await server.ConnectAsync();
        const string body = """{"Detach":false,"Tty":true}""";
        await SendAsync(
            client,
            $"POST /attach HTTP/1.1\r\nHost: x\r\n{Upgrade}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}in"
        );
        string head = await TestServer.ReadUntilAsync(client, "\r\n\r\n");
        Assert.StartsWith(
            "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n",
            head,
            StringComparison.Ordinal
        );
        Assert.Equal("in", await TestServer.ReadUntilAsync(process.Stdio, "in"));
        await SendAsync(process.Stdio, "out");
        process.Stdio.Shutdown(SocketShutdown.Both);
        Assert.Equal("out", await TestServer.ReadToEndAsync(client));
    }

    [Fact]
    public async Task Without_an_upgrade_the_answer_is_200_and_raw_bytes()
    {
        using var process = new FakeProcess();
        await using var server = await TestServer.StartAsync(process.Route());
        using var client = await server.ConnectAsync();
        await SendAsync(client, "POST /v1.41/attach HTTP/1.1\r\nHost: x\r\n\r\nin");
        string head = await TestServer.ReadUntilAsync(client, "\r\n\r\n");
        Assert.StartsWith(
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n",
            head,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("chunked", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("in", await TestServer.ReadUntilAsync(process.Stdio, "in"));
        await SendAsync(process.Stdio, "out");
        process.Stdio.Shutdown(SocketShutdown.Both);
        Assert.Equal("out", await TestServer.ReadToEndAsync(client));
    }

    [Fact]
    public async Task A_client_that_vanishes_ends_its_session_though_the_process_is_silent()
    {
        using var process = new FakeProcess();
        await using var server = await TestServer.StartAsync(process.Route());
        using (var client = await server.ConnectAsync())
        {
            await SendAsync(client, $"POST /attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\n");
            await TestServer.ReadUntilAsync(client, "\r\n\r\n");
        }
        await process.SessionOver.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(server.Reported);
    }

    [Fact]
    public async Task A_stopping_daemon_ends_its_sessions_at_once()
    {
        using var process = new FakeProcess();
        await using var server = await TestServer.StartAsync(process.Route());
        using var client = await server.ConnectAsync();
        await SendAsync(client, $"POST /attach HTTP/1.1\r\nHost: x\r\n{Upgrade}\r\n");
        await TestServer.ReadUntilAsync(client, "\r\n\r\n");
        await server.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await process.SessionOver.Task;
        Assert.Equal("", await TestServer.ReadToEndAsync(client));
    }

    [Fact]
    public async Task A_waiting_request_notices_that_its_client_went()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(
            new Route(
                "POST",
                "wait",
                async request =>
                {
                    using var end = request.Gone.Register(() => gone.TrySetResult());
                    begun.SetResult();
                    await Task.Delay(Timeout.Infinite, request.Gone);
                }
            )
        );
        using (var client = await server.ConnectAsync())
        {
            await SendAsync(client, "POST /wait HTTP/1.1\r\nHost: x\r\n\r\n");
            await begun.Task;
        }
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(server.Reported);
    }
}
