// Attaching by websocket, with .NET's own client.
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class WebSocketTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Theory, InlineData("-i"), InlineData("-it")]
    public async Task A_container_is_talked_to_until_it_ends(string flags)
    {
        string id = engine.Skiff("run", "-d", flags, "busybox", "sh", "-c", "read x; echo got $x; echo err >&2").Expect().Text;
        using var socket = await ConnectAsync($"containers/{id}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1");
        await socket.SendAsync("hello\n"u8.ToArray(), WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        string text = await ReadToEndAsync(socket);
        Assert.Contains("got hello", text, StringComparison.Ordinal);
        Assert.Contains("err", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\0", text, StringComparison.Ordinal); // no headers of frames
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        // What was said is in the log, and is replayed.
        using var late = await ConnectAsync($"containers/{id}/attach/ws?logs=1&stdout=1");
        Assert.Contains("got hello", await ReadToEndAsync(late), StringComparison.Ordinal);
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Fact]
    public async Task A_client_that_closes_leaves_the_container_running()
    {
        string id = engine.Skiff("run", "-di", "busybox", "cat").Expect().Text;
        using (var socket = await ConnectAsync($"containers/{id}/attach/ws?stream=1&stdin=1&stdout=1"))
        {
            await socket.SendAsync("a\n"u8.ToArray(), WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
            byte[] buffer = new byte[16];
            await socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        }
        Assert.Equal("running", engine.Skiff("inspect", "-f", "{{.State.Status}}", id).Expect().Text);
        engine.Skiff("rm", "-f", id).Expect();
    }

    async Task<ClientWebSocket> ConnectAsync(string path)
    {
        var socket = new ClientWebSocket();
        var invoker = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await unix.ConnectAsync(new UnixDomainSocketEndPoint(engine.Socket), cancellation);
                    return new NetworkStream(unix, ownsSocket: true);
                },
            }
        );
        await socket.ConnectAsync(new Uri($"ws://skiff/v1.51/{path}"), invoker, TestContext.Current.CancellationToken);
        return socket;
    }

    static async Task<string> ReadToEndAsync(WebSocket socket)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
                return text.ToString();
            text.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }
    }
}
