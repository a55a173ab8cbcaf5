// Attaching by websocket: RFC 6455 over the same session as a hijacked attach.
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Docker;
using Skiff.Engine;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal static class WebSocketAttach
{
    // RFC 6455, 1.3.
    const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <summary>Answers the upgrade and runs the session. Messages both ways are binary; stdout and stderr come in one.</summary>
    /// <param name="attach">called once the request is known to be a websocket's; its failure is a plain answer</param>
    /// <exception cref="EngineException">InvalidParameter: not a websocket's request</exception>
    internal static async Task RunAsync(ApiRequest request, Func<AttachSession> attach)
    {
        var headers = request.Http.Request.Headers;
        string key = headers["Sec-WebSocket-Key"].ToString();
        if (
            request.Http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade
            || !headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
            || headers["Sec-WebSocket-Version"] != "13"
            || key.Length == 0
        )
            throw EngineException.Invalid("not websocket protocol");
        using var session = attach();
        var response = request.Http.Response;
        response.Headers.Upgrade = "websocket";
        response.Headers["Sec-WebSocket-Accept"] = Accept(key);
        await using var stream = await upgrade.UpgradeAsync();
        request.Hijacked = true;
        var client = request.Http.Features.GetRequiredFeature<ClientConnection>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(client.Stopping);
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        var watch = client.WatchAsync(end);
        try
        {
            await using var messages = new Messages(socket, session.Terminal, end);
            await session.RunAsync(messages, end.Token);
            using var patience = new CancellationTokenSource(Farewell);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or WebSocketException)
        {
            // The client is gone, or the daemon goes.
        }
        await end.CancelAsync();
        await watch;
    }

    static string Accept(string key) =>
#pragma warning disable CA5350 // RFC 6455 names SHA-1; it only tells that the request was understood
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Magic)));
#pragma warning restore CA5350

    /// <summary>Messages as a stream: reads their bytes, writes each piece as one. The headers of frames are taken out.</summary>
    sealed class Messages(WebSocket socket, bool terminal, CancellationTokenSource end) : Stream
    {
        readonly StdioDemultiplexer demultiplexer = new();
        readonly byte[] received = new byte[16 << 10];
        Memory<byte> left;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                while (left.Length == 0)
                {
                    // Never cancelled, which would abort the socket before it has said farewell: its own buffer outlives the wait.
                    var message = await socket
                        .ReceiveAsync(received.AsMemory(), CancellationToken.None)
                        .AsTask()
                        .WaitAsync(cancellationToken);
                    if (message.MessageType == WebSocketMessageType.Close)
                    {
                        // There is no half of a websocket: who closes it wants nothing more.
                        await end.CancelAsync();
                        return 0;
                    }
                    left = received.AsMemory(0, message.Count);
                }
            }
            catch (WebSocketException e)
            {
                throw new IOException(e.Message, e);
            }
            int count = Math.Min(left.Length, buffer.Length);
            left[..count].CopyTo(buffer);
            left = left[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!terminal)
            {
                using var payload = new MemoryStream(buffer.Length);
                demultiplexer.Feed(buffer.Span, (_, bytes) => payload.Write(bytes));
                buffer = payload.ToArray();
            }
            if (buffer.Length > 0)
                await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
