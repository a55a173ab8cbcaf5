// Turns a request into one duplex stream: Docker's attach and exec.
using Microsoft.AspNetCore.Http.Features;
using Skiff.Docker;
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal static class Hijack
{
    static readonly ApiVersion MultiplexedType = new(1, 42);

    /// <summary>Answers 101 (or 200 to clients that do not ask for an upgrade) and runs the session on the connection.</summary>
    internal static async Task RunAsync(ApiRequest request, AttachSession session)
    {
        using (session)
        {
            var http = request.Http;
            http.Response.ContentType =
                session.Terminal || request.Version < MultiplexedType
                    ? "application/vnd.docker.raw-stream"
                    : "application/vnd.docker.multiplexed-stream";
            var upgrade = http.Features.Get<IHttpUpgradeFeature>();
            if (upgrade is { IsUpgradableRequest: true })
            {
                http.Response.Headers.Upgrade = "tcp";
                await using var stream = await upgrade.UpgradeAsync();
                await session.RunAsync(stream, request.Gone);
            }
            else
            {
                // Old clients send "Connection: close" semantics and read raw bytes: the body is the stream.
                http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
                await http.Response.StartAsync(request.Gone);
                await http.Response.Body.FlushAsync(request.Gone);
                await session.RunAsync(new Duplex(http.Request.Body, http.Response.Body), request.Gone);
            }
        }
    }

    /// <summary>Reads from one stream, writes to another.</summary>
    sealed class Duplex(Stream input, Stream output) : Stream
    {
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

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
