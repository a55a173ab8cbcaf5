// An archive to import, from a web server.
using System.Net;
using System.Net.Http;
using Skiff.Engine.Images.Transfers;
using Skiff.Oci.Distribution;

namespace Skiff.Engine.Images.Registry;

/// <summary>A plain GET, with the proxies and certificates that registries have; nothing that identifies anyone is sent.</summary>
internal sealed class ArchiveFetch(Hosts hosts)
{
    const int MaxRedirects = 10;

    /// <returns>the body; disposing it ends the connection</returns>
    public async Task<Stream> OpenAsync(string url, Action<TransferProgress> progress, CancellationToken cancellation)
    {
        var target = Parse(url);
        progress(new TransferProgress(null, $"Downloading from {target}"));
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage response;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, target);
                bool insecure = await hosts.IsInsecureAsync(target.Authority, cancellation);
                response = await hosts.Connections(target, insecure).SendAsync(request, cancellation);
            }
            catch (HttpRequestException failure)
            {
                throw new EngineException(ErrorKind.Unavailable, $"Get \"{target}\": {Dialer.Explain(failure).Words}", failure);
            }
            if (
                (int)response.StatusCode is 301 or 302 or 303 or 307 or 308
                && redirects < MaxRedirects
                && response.Headers.Location is { } location
            )
            {
                var next = Parse(new Uri(target, location).ToString());
                response.Dispose();
                if (target.Scheme == "https" && next.Scheme == "http")
                    throw EngineException.Invalid($"Get \"{url}\": refused to be redirected from https to http");
                target = next;
                continue;
            }
            if (response.StatusCode != HttpStatusCode.OK)
            {
                string status = RegistryError.Clean($"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd());
                response.Dispose();
                throw EngineException.NotFound($"Get \"{target}\": bad status: {status}");
            }
            long total = response.Content.Headers.ContentLength ?? 0;
            var bar = new LayerProgress("");
            bar.Add(step => progress(step with { Id = null }));
            var body = await response.Content.ReadAsStreamAsync(cancellation);
            return new CountedBody(response, body, read => bar.Report("Importing", read, total));
        }
    }

    static Uri Parse(string url) =>
        Uri.TryCreate(url.Contains("://", StringComparison.Ordinal) ? url : "http://" + url, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.UserInfo.Length == 0
            ? uri
            : throw EngineException.Invalid($"\"{url}\" is no http or https address of an archive");

    sealed class CountedBody(HttpResponseMessage response, Stream body, Action<long> read) : Oci.Layers.ReadOnlyStream
    {
        long total;

        public override int Read(Span<byte> buffer) => throw new NotSupportedException("read asynchronously");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await body.ReadAsync(buffer, cancellationToken);
            if (count > 0)
                read(total += count);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                response.Dispose();
            base.Dispose(disposing);
        }
    }
}
