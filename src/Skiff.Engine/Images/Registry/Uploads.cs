// The writing half of a registry client: is a blob there, mount it, send it.
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Skiff.Engine.Images.Transfers;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>distribution-spec: Pushing blobs.</summary>
internal static class Uploads
{
    /// <summary>end-2, HEAD.</summary>
    public static async Task<bool> BlobExistsAsync(this RegistryClient client, Digest digest, CancellationToken cancellation)
    {
        using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
        using var response = await client.SendAsync(
            client.BlobAddress(digest),
            address => new HttpRequestMessage(HttpMethod.Head, address),
            idle,
            cancellation
        );
        // Some registries answer HEAD with 403 or 401 where the blob is absent: the upload tells.
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            throw await RegistryClient.FailureAsync(response, null, cancellation);
        return response.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>Begins an upload, or mounts the blob from another repository. end-4a, end-11.</summary>
    /// <returns>where to send the blob; null if it was mounted</returns>
    public static async Task<Uri?> BeginUploadAsync(
        this RegistryClient client,
        Digest digest,
        string? source,
        CancellationToken cancellation
    )
    {
        var query = source is null ? "" : $"?mount={digest}&from={Uri.EscapeDataString(source)}";
        var start = new Uri(client.UploadsAddress, query);
        using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
        using var response = await client.SendAsync(
            start,
            address => new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent([]) },
            idle,
            cancellation
        );
        if (response.StatusCode == HttpStatusCode.Created && source is not null)
            return null;
        if (response.StatusCode != HttpStatusCode.Accepted)
            throw await RegistryClient.FailureAsync(response, RegistryError.NameUnknown, cancellation);
        return
            response.Headers.Location is { } location
            && Uri.TryCreate(start, location, out var address)
            && address.Scheme is "http" or "https"
            ? address
            : throw new RegistryException(RegistryFailure.BadContent, "the registry did not say where to upload to");
    }

    /// <summary>Sends a whole blob in one request. end-6.</summary>
    /// <exception cref="RegistryException">it did not arrive: begin again if Retryable</exception>
    public static async Task UploadAsync(
        this RegistryClient client,
        Uri location,
        Descriptor blob,
        Func<Stream> open,
        Action<long> sent,
        CancellationToken cancellation
    )
    {
        var query = location.Query.Length > 1 ? $"{location.Query}&digest={blob.Digest}" : $"?digest={blob.Digest}";
        using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
        using var response = await client.SendAsync(
            new UriBuilder(location) { Query = query }.Uri,
            address => new HttpRequestMessage(HttpMethod.Put, address) { Content = new BlobContent(open, blob.Size, idle, sent) },
            idle,
            cancellation,
            retry: false
        );
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.NoContent or HttpStatusCode.OK))
            throw await RegistryClient.FailureAsync(response, RegistryError.NameUnknown, cancellation);
    }

    /// <summary>A request body out of the content store; opened anew if the request is made again.</summary>
    sealed class BlobContent : HttpContent
    {
        const int BufferSize = 256 << 10;

        readonly Func<Stream> open;
        readonly long size;
        readonly IdleLimit idle;
        readonly Action<long> sent;

        public BlobContent(Func<Stream> open, long size, IdleLimit idle, Action<long> sent)
        {
            (this.open, this.size, this.idle, this.sent) = (open, size, idle, sent);
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            Headers.ContentLength = size;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context,
            CancellationToken cancellationToken
        )
        {
            await using var source = open();
            await source.CopyToAsync(
                new CountingStream(
                    stream,
                    total =>
                    {
                        idle.Touch();
                        sent(total);
                    }
                ),
                BufferSize,
                cancellationToken
            );
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }
    }
}
