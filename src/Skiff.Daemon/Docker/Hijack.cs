// Turns a request into one duplex stream: Docker's attach and exec.
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

/// <summary>
/// Kestrel's own upgrade refuses requests with a body, and exec start has one; its response body is chunked, and clients
/// that do not ask for an upgrade read raw bytes. So the connection is taken below HTTP: input from the transport's
/// pipe, where the bytes that came with the request's head are still, output to the socket.
/// </summary>
internal static class Hijack
{
    static readonly ApiVersion MultiplexedType = new(1, 42);

    /// <summary>Answers 101 (200 to clients that ask for no upgrade) and runs the session on the connection.</summary>
    internal static async Task RunAsync(ApiRequest request, AttachSession session)
    {
        using (session)
        {
            var features = request.Http.Features;
            var input = features.GetRequiredFeature<IConnectionTransportFeature>().Transport.Input;
            var socket = features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
            var client = features.GetRequiredFeature<ClientConnection>();
            request.Hijacked = true;
            try
            {
                // Not request.Gone: a half-close is the end of the input only.
                using var end = CancellationTokenSource.CreateLinkedTokenSource(client.Stopping);
                var watch = client.WatchAsync(end);
                await using var stream = new Duplex(input, socket);
                await stream.WriteAsync(Head(request, session.Terminal), end.Token);
                try
                {
                    await session.RunAsync(stream, end.Token);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    if (!client.Stopping.IsCancellationRequested)
                        await session.LostAsync();
                }
                await end.CancelAsync();
                await watch;
                if (socket.Connected)
                    socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The client was faster.
            }
            finally
            {
                // Every byte is in the kernel's hands: nothing is lost, and Kestrel writes no answer of its own.
                request.Http.Abort();
            }
        }
    }

    static byte[] Head(ApiRequest request, bool terminal)
    {
        bool upgrade = request.Http.Request.Headers.Upgrade.Count > 0;
        string type =
            terminal || request.Version < MultiplexedType
                ? "application/vnd.docker.raw-stream"
                : "application/vnd.docker.multiplexed-stream";
        var head = new StringBuilder(upgrade ? "HTTP/1.1 101 UPGRADED\r\n" : "HTTP/1.1 200 OK\r\n");
        head.Append("Content-Type: ").Append(type).Append("\r\n");
        if (upgrade)
            head.Append("Connection: Upgrade\r\nUpgrade: tcp\r\n");
        foreach (var (name, value) in request.Http.Response.Headers)
            head.Append(name).Append(": ").Append(value.ToString()).Append("\r\n");
        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>Reads from the transport's pipe, writes to the socket.</summary>
    sealed class Duplex(PipeReader reader, Socket socket) : Stream
    {
        readonly Stream input = reader.AsStream(leaveOpen: true);

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                while (buffer.Length > 0)
                    buffer = buffer[await socket.SendAsync(buffer, cancellationToken)..];
            }
            catch (SocketException e)
            {
                throw new IOException(e.Message, e);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
