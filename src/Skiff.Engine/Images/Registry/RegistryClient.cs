// One repository on one endpoint: requests with authentication, redirects and retries.
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>A manifest as it came, and what it is.</summary>
internal sealed record FetchedManifest(Descriptor Descriptor, byte[] Bytes, ManifestDocument Document);

/// <summary>distribution-spec: Endpoints. Used by several transfers at once.</summary>
internal sealed class RegistryClient
{
    const int MaxRedirects = 8;
    const int MaxErrorBytes = 64 << 10;

    readonly Hosts hosts;
    readonly Auth auth;

    /// <param name="scopes">What a token must allow; the first names the repository. None: only who asks is of interest.</param>
    public RegistryClient(Hosts hosts, Endpoint endpoint, RegistryCredentials? credentials, params IReadOnlyList<Scope> scopes)
    {
        this.hosts = hosts;
        Endpoint = endpoint;
        scopes = [.. scopes.Select(s => s with { Repository = endpoint.Prefix + s.Repository })];
        Repository = scopes.Count > 0 ? scopes[0].Repository : "";
        // The credentials are the registry's: a mirror is another party.
        auth = new Auth(hosts, endpoint, endpoint.IsMirror ? null : credentials, scopes);
    }

    public Endpoint Endpoint { get; }
    public string Repository { get; }
    public RegistryPolicy Policy => hosts.Policy;

    public Uri ManifestAddress(string tagOrDigest) => new(Endpoint.Base, $"v2/{Repository}/manifests/{tagOrDigest}");

    public Uri BlobAddress(Digest digest) => new(Endpoint.Base, $"v2/{Repository}/blobs/{digest}");

    public Uri TagsAddress => new(Endpoint.Base, $"v2/{Repository}/tags/list?n=1000");

    public Uri UploadsAddress => new(Endpoint.Base, $"v2/{Repository}/blobs/uploads/");

    /// <summary>Fetches a manifest or an index. end-3.</summary>
    /// <param name="size">What a descriptor says its size is; null if unknown.</param>
    /// <exception cref="RegistryException">NotFound, or content that is not what was asked for</exception>
    public async Task<FetchedManifest> ManifestAsync(
        string tagOrDigest,
        Digest? expected,
        long? size,
        CancellationToken cancellation
    )
    {
        using var idle = new IdleLimit(Policy.IdleTimeout, cancellation);
        using var response = await SendAsync(
            ManifestAddress(tagOrDigest),
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, address);
                foreach (var type in MediaTypes.Manifests)
                    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
                return request;
            },
            idle,
            cancellation
        );
        if (!response.IsSuccessStatusCode)
            throw await FailureAsync(response, RegistryError.ManifestUnknown, idle.Token);
        byte[] bytes;
        try
        {
            bytes = await ReadBoundedAsync(response, ManifestDocument.MaxBytes, idle.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw Unreachable(ManifestAddress(tagOrDigest), failure);
        }
        var digest = Digest.FromSha256(System.Security.Cryptography.SHA256.HashData(bytes));
        if (expected is { } wanted && wanted != digest)
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"manifest verification failed for digest {wanted}: the registry sent {digest}"
            );
        if (size is { } announced && announced != bytes.Length)
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"manifest {digest} has {bytes.Length} bytes, its descriptor says {announced}"
            );
        try
        {
            var document = ManifestDocument.Read(bytes, response.Content.Headers.ContentType?.MediaType);
            var descriptor = new Descriptor
            {
                MediaType = document.MediaType,
                Digest = digest,
                Size = bytes.Length,
            };
            return new FetchedManifest(descriptor, bytes, document);
        }
        catch (FormatException failure)
        {
            throw new RegistryException(RegistryFailure.BadContent, RegistryError.Clean(failure.Message), inner: failure);
        }
    }

    /// <summary>
    /// Sends a request, again with credentials when challenged, again after a pause when the registry is busy or the
    /// connection breaks, and to where it is redirected. Any final answer is returned, errors too; its body is unread.
    /// </summary>
    /// <param name="make">Makes the request anew for each try.</param>
    /// <param name="retry">False where a second try needs more than the same request.</param>
    /// <exception cref="RegistryException">Unreachable, RateLimited with a long wait, or refused by the token server</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Uri address,
        Func<Uri, HttpRequestMessage> make,
        IdleLimit idle,
        CancellationToken cancellation,
        bool retry = true
    )
    {
        var challenged = false;
        var redirected = 0;
        var target = address;
        for (var attempt = 1; ; )
        {
            using var request = make(target);
            // Only the registry itself may see what identifies us: not the host of a redirect or of an upload's location.
            var sent = SameOrigin(target, Endpoint.Base) ? await auth.HeaderAsync(cancellation) : null;
            request.Headers.Authorization = sent;
            request.Headers.UserAgent.Add(UserAgent);
            HttpResponseMessage response;
            try
            {
                idle.Touch();
                var insecure = SameOrigin(target, Endpoint.Base)
                    ? Endpoint.Insecure
                    : await hosts.IsInsecureAsync(target.Authority, idle.Token);
                response = await hosts.Connections(target, insecure).SendAsync(request, idle.Token);
                idle.Touch();
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                if (
                    !retry
                    || !Dialer.Explain(failure).Transient
                    || idle.Token.IsCancellationRequested
                    || attempt >= Policy.Attempts
                )
                    throw Unreachable(target, failure);
                await PauseAsync(attempt++, null, cancellation);
                target = address;
                continue;
            }
            if (SameOrigin(target, Endpoint.Base))
                hosts.Answered(Endpoint);
            // One answer a request: if that is refused too, the caller reads why.
            if (response.StatusCode == HttpStatusCode.Unauthorized && !challenged && SameOrigin(target, Endpoint.Base))
            {
                challenged = true;
                if (await auth.AnswerAsync(response, sent, cancellation))
                {
                    response.Dispose();
                    continue;
                }
                return response;
            }
            if (Redirect(response, request) is { } next)
            {
                response.Dispose();
                if (++redirected > MaxRedirects)
                    throw new RegistryException(
                        RegistryFailure.Refused,
                        $"Get \"{address}\": stopped after {MaxRedirects} redirects"
                    );
                if (
                    target.Scheme == "https"
                    && next.Scheme != "https"
                    && !await hosts.IsInsecureAsync(next.Authority, cancellation)
                )
                    throw new RegistryException(
                        RegistryFailure.Refused,
                        $"Get \"{address}\": refused to be redirected from https to http at \"{next.Authority}\""
                    );
                target = next;
                continue;
            }
            if (
                retry
                && IsBusy(response.StatusCode)
                && attempt < Policy.Attempts
                && Wait(response) is { } wait
                && wait <= Policy.MaxDelay
            )
            {
                response.Dispose();
                await PauseAsync(attempt++, wait, cancellation);
                target = address;
                continue;
            }
            return response;
        }
    }

    static readonly ProductInfoHeaderValue UserAgent = new(
        "skiff",
        typeof(RegistryClient).Assembly.GetName().Version?.ToString(3) ?? "0"
    );

    static bool IsBusy(HttpStatusCode status) =>
        status
            is HttpStatusCode.TooManyRequests
                or HttpStatusCode.RequestTimeout
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;

    // Retry-After as seconds or as a date; zero if the registry does not say. RFC 9110, 10.2.3.
    static TimeSpan Wait(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => TimeSpan.Zero,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    /// <summary>Waits before the next try: as asked, or twice as long as before; with jitter, so that clients spread out.</summary>
    public Task PauseAsync(int attempt, TimeSpan? asked, CancellationToken cancellation)
    {
        var backoff = Policy.FirstDelay * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble());
        var delay = asked is { } wait && wait > backoff ? wait : backoff;
        return Task.Delay(delay < Policy.MaxDelay ? delay : Policy.MaxDelay, cancellation);
    }

    static Uri? Redirect(HttpResponseMessage response, HttpRequestMessage request) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308
        && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head)
        && response.Headers.Location is { } location
        && Uri.TryCreate(request.RequestUri!, location, out var next)
        && next.Scheme is "https" or "http"
            ? next
            : null;

    static bool SameOrigin(Uri a, Uri b) =>
        a.Scheme == b.Scheme && a.Port == b.Port && a.IdnHost.Equals(b.IdnHost, StringComparison.OrdinalIgnoreCase);

    RegistryException Unreachable(Uri address, Exception failure)
    {
        // Before anything answered, Docker's daemon names the base of the API.
        var (words, transient) = Dialer.Explain(failure);
        var shown = transient
            ? address
            : new Uri(address, SameOrigin(address, Endpoint.Base) ? Endpoint.Base.AbsolutePath + "v2/" : "/");
        return new RegistryException(
            RegistryFailure.Unreachable,
            $"Get \"{shown.GetLeftPart(UriPartial.Path)}\": {words}",
            inner: failure,
            retryable: transient
        );
    }

    /// <summary>Reads an error answer.</summary>
    /// <param name="unknown">The error code that a bare 404 stands for.</param>
    public static async Task<RegistryException> FailureAsync(
        HttpResponseMessage response,
        string? unknown,
        CancellationToken cancellation
    )
    {
        RegistryError? error = null;
        try
        {
            error = RegistryError.First(await ReadBoundedAsync(response, MaxErrorBytes, cancellation));
        }
        catch (Exception failure)
            when (failure is HttpRequestException or IOException or RegistryException or OperationCanceledException) { }
        var status = response.StatusCode;
        if (status == HttpStatusCode.Unauthorized)
        {
            // A token that does not cover the repository: for Docker's clients, the repository is denied.
            var reason = Auth.Challenges(response).Select(c => c["error"]).FirstOrDefault(e => e is not null);
            error =
                reason == "insufficient_scope"
                    ? new RegistryError(RegistryError.Denied, "requested access to the resource is denied")
                    : error ?? new RegistryError(RegistryError.Unauthorized, "authentication required");
        }
        error ??= (int)status switch
        {
            403 => new RegistryError(RegistryError.Denied, "requested access to the resource is denied"),
            404 when unknown is not null => new RegistryError(unknown, unknown.ToLowerInvariant().Replace('_', ' ')),
            429 => new RegistryError(RegistryError.TooManyRequests, "the registry asks to come back later"),
            _ => null,
        };
        var failureKind = error?.Code switch
        {
            RegistryError.Denied => RegistryFailure.Denied,
            RegistryError.Unauthorized => RegistryFailure.Unauthorized,
            RegistryError.TooManyRequests => RegistryFailure.RateLimited,
            RegistryError.ManifestUnknown or RegistryError.NameUnknown or RegistryError.BlobUnknown => RegistryFailure.NotFound,
            _ => status == HttpStatusCode.NotFound ? RegistryFailure.NotFound : RegistryFailure.Refused,
        };
        var text = error?.ToString() ?? $"received unexpected HTTP status: {(int)status} {response.ReasonPhrase}".TrimEnd();
        return new RegistryException(failureKind, RegistryError.Clean(text), error, retryable: IsBusy(status));
    }

    /// <summary>Reads a whole small body.</summary>
    /// <exception cref="RegistryException">it is larger than <paramref name="limit"/></exception>
    public static async Task<byte[]> ReadBoundedAsync(HttpResponseMessage response, int limit, CancellationToken cancellation)
    {
        var tooLarge = new RegistryException(
            RegistryFailure.BadContent,
            $"answer of \"{response.RequestMessage?.RequestUri?.Authority}\" is larger than {limit} bytes"
        );
        if (response.Content.Headers.ContentLength > limit)
            throw tooLarge;
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var all = new MemoryStream();
        var buffer = new byte[16 << 10];
        int count;
        while ((count = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (all.Length + count > limit)
                throw tooLarge;
            all.Write(buffer, 0, count);
        }
        return all.ToArray();
    }
}
