// The bytes of one blob from a registry, whole although connections break.
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;

namespace Skiff.Engine.Images.Registry;

/// <summary>
/// Reads exactly as many bytes as the descriptor says, from an offset on; never more, whatever the registry sends. A
/// broken connection is continued by Range. Whether the bytes have the digest is for the reader to check. end-2.
/// </summary>
internal sealed class BlobDownload(RegistryClient client, Descriptor blob, long offset, CancellationToken cancellation)
    : IAsyncDisposable
{
    readonly IdleLimit idle = new(client.Policy.IdleTimeout, cancellation);
    HttpResponseMessage? response;
    Stream? body;
    int attempt = 1;

    /// <summary>How many bytes of the blob were read, counted from its start.</summary>
    public long Position { get; private set; } = offset;

    /// <returns>0 at the end</returns>
    /// <exception cref="RegistryException">the registry has no such blob, has fewer bytes of it, or stays unreachable</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var left = blob.Size - Position;
        if (left == 0)
            return 0;
        if (buffer.Length > left)
            buffer = buffer[..(int)left];
        while (true)
        {
            Exception? failure = null;
            try
            {
                if (body is null)
                    await OpenAsync(cancellation);
                idle.Touch();
                var count = await body!.ReadAsync(buffer, idle.Token);
                idle.Rest();
                if (count > 0)
                {
                    Position += count;
                    attempt = 1;
                    return count;
                }
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                failure = broken;
            }
            Close();
            if (attempt >= client.Policy.Attempts || idle.Token.IsCancellationRequested)
                throw new RegistryException(
                    RegistryFailure.Unreachable,
                    $"Get \"{client.BlobAddress(blob.Digest)}\": unexpected EOF after {Position} of {blob.Size} bytes"
                        + (idle.Token.IsCancellationRequested ? ": i/o timeout" : ""),
                    inner: failure
                );
            await client.PauseAsync(attempt++, null, cancellation);
        }
    }

    async Task OpenAsync(CancellationToken cancellation)
    {
        response = await client.SendAsync(
            client.BlobAddress(blob.Digest),
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, address);
                if (Position > 0)
                    request.Headers.Range = new RangeHeaderValue(Position, null);
                return request;
            },
            idle,
            cancellation
        );
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            throw Wrong($"the registry has no more than {Position} bytes of it");
        if (!response.IsSuccessStatusCode)
        {
            var failure = await RegistryClient.FailureAsync(response, RegistryError.BlobUnknown, idle.Token);
            throw new RegistryException(
                failure.Failure,
                $"Get \"{client.BlobAddress(blob.Digest)}\": {failure.Message}",
                failure.Error
            );
        }
        var start = 0L;
        if (response.StatusCode == HttpStatusCode.PartialContent)
            start = response.Content.Headers.ContentRange?.From ?? throw Wrong("a partial answer without a range");
        if (start > Position)
            throw Wrong($"asked for byte {Position}, the answer starts at {start}");
        if (response.Content.Headers.ContentLength is { } length && start + length > blob.Size)
            throw Wrong($"the registry has at least {start + length} bytes of it");
        body = await response.Content.ReadAsStreamAsync(idle.Token);
        await SkipAsync(Position - start);
    }

    // The registry does not know Range: what we have is read again and thrown away.
    async Task SkipAsync(long count)
    {
        var scratch = new byte[64 << 10];
        while (count > 0)
        {
            idle.Touch();
            var read = await body!.ReadAsync(scratch.AsMemory(0, (int)Math.Min(count, scratch.Length)), idle.Token);
            if (read == 0)
                throw new IOException("the answer ended before what is wanted of it");
            count -= read;
        }
    }

    RegistryException Wrong(string what) =>
        new(RegistryFailure.BadContent, $"blob {blob.Digest} should have {blob.Size} bytes: {what}");

    void Close()
    {
        body?.Dispose();
        response?.Dispose();
        (body, response) = (null, null);
    }

    public ValueTask DisposeAsync()
    {
        Close();
        idle.Dispose();
        return ValueTask.CompletedTask;
    }
}
