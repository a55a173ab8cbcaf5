// Answers to a registry's challenges: Basic, tokens of a token server, OAuth2 refresh tokens.
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Skiff.Oci.Distribution;

namespace Skiff.Engine.Images.Registry;

/// <summary>
/// The credentials of one operation on one endpoint. A token is kept until shortly before it expires.
/// distribution: Token Authentication Specification, OAuth2 Token Authentication.
/// </summary>
internal sealed class Auth(Hosts hosts, Endpoint endpoint, RegistryCredentials? credentials, IReadOnlyList<Scope> scopes)
{
    const int MaxTokenAnswerBytes = 1 << 20;
    const string ClientId = "skiff";
    static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(60);

    readonly SemaphoreSlim gate = new(1, 1);
    AuthenticationHeaderValue? known;
    DateTimeOffset knownUntil;

    /// <summary>What to send with a request; null: nothing, until challenged.</summary>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(CancellationToken cancellation)
    {
        if (credentials?.RegistryToken is { Length: > 0 } token)
            return new AuthenticationHeaderValue("Bearer", token);
        await gate.WaitAsync(cancellation);
        try
        {
            return knownUntil > DateTimeOffset.UtcNow ? known : null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Prepares the answer to a 401. False if there is none that was not sent already; <paramref name="sent"/> is what the
    /// refused request carried.
    /// </summary>
    /// <exception cref="RegistryException">the token server refuses or does not answer; there are no credentials</exception>
    public async Task<bool> AnswerAsync(
        HttpResponseMessage refused,
        AuthenticationHeaderValue? sent,
        CancellationToken cancellation
    )
    {
        if (credentials?.RegistryToken is { Length: > 0 })
            return false;
        var challenges = Challenges(refused);
        await gate.WaitAsync(cancellation);
        try
        {
            // Another request of ours has got a new answer meanwhile.
            if (known is not null && !known.Equals(sent) && knownUntil > DateTimeOffset.UtcNow)
                return true;
            if (challenges.FirstOrDefault(c => c.Is("Bearer")) is { } bearer)
            {
                var (token, life) = await TokenAsync(bearer, cancellation);
                known = new AuthenticationHeaderValue("Bearer", token);
                knownUntil = DateTimeOffset.UtcNow + life - TimeSpan.FromSeconds(5);
                return !known.Equals(sent);
            }
            if (challenges.Any(c => c.Is("Basic")))
            {
                if (BasicHeader() is not { } basic)
                    throw new RegistryException(
                        RegistryFailure.Unauthorized,
                        $"Get \"{endpoint.Base}v2/\": no basic auth credentials"
                    );
                (known, knownUntil) = (basic, DateTimeOffset.MaxValue);
                return !basic.Equals(sent);
            }
            return false;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The challenges of an answer; none where the header is absent.</summary>
    public static IReadOnlyList<Challenge> Challenges(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var lines)
            ? [.. lines.SelectMany(Challenge.Parse)]
            : [];

    AuthenticationHeaderValue? BasicHeader() =>
        credentials is { Username: { Length: > 0 } user, Password: { } password }
            ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")))
            : null;

    async Task<(string Token, TimeSpan Life)> TokenAsync(Challenge bearer, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(endpoint.Base, bearer["realm"] ?? "", out var realm) || realm.Scheme is not ("https" or "http"))
            throw new RegistryException(RegistryFailure.BadContent, $"registry \"{endpoint.Host}\" names no usable token server");
        // A registry with TLS must not make us send a password in the clear.
        if (
            realm.Scheme == "http"
            && endpoint.Base.Scheme == "https"
            && !await hosts.IsInsecureAsync(realm.Authority, cancellation)
        )
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"registry \"{endpoint.Host}\" names a token server without TLS: \"{realm}\""
            );

        var service = bearer["service"];
        var request = credentials?.IdentityToken is { Length: > 0 } refreshToken
            ? RefreshRequest(realm, service, refreshToken)
            : TokenRequest(realm, service);
        using (request)
        {
            var (status, body) = await AskAsync(request, cancellation);
            if (status != HttpStatusCode.OK)
                throw Refusal(realm, status, body);
            var answer = Read(body);
            var token = answer?.Token is { Length: > 0 } plain ? plain : answer?.AccessToken;
            if (string.IsNullOrEmpty(token) || token.Any(c => c is < '!' or > '~'))
                throw new RegistryException(RegistryFailure.BadContent, $"token server \"{realm.Authority}\" sent no token");
            var seconds = answer?.ExpiresIn is > 0 and < 1e9 ? answer.ExpiresIn.Value : 0;
            var life = TimeSpan.FromSeconds(seconds);
            return (token, life < ShortestLife ? ShortestLife : life);
        }
    }

    HttpRequestMessage TokenRequest(Uri realm, string? service)
    {
        var query = new StringBuilder(realm.Query);
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
        var basic = BasicHeader();
        if (basic is not null)
            Add("account", credentials?.Username);
        foreach (var scope in scopes)
            Add("scope", scope.ToString());
        Add("service", service);
        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        request.Headers.Authorization = basic;
        return request;
    }

    HttpRequestMessage RefreshRequest(Uri realm, string? service, string refreshToken) =>
        new(HttpMethod.Post, realm)
        {
            Content = new FormUrlEncodedContent([
                new("grant_type", "refresh_token"),
                new("service", service ?? ""),
                new("client_id", ClientId),
                new("scope", string.Join(' ', scopes)),
                new("refresh_token", refreshToken),
            ]),
        };

    async Task<(HttpStatusCode Status, byte[] Body)> AskAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var address = request.RequestUri!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(hosts.Policy.IdleTimeout);
        try
        {
            var insecure = await hosts.IsInsecureAsync(address.Authority, limit.Token);
            using var response = await hosts.Connections(address, insecure).SendAsync(request, limit.Token);
            var body = await RegistryClient.ReadBoundedAsync(response, MaxTokenAnswerBytes, limit.Token);
            return (response.StatusCode, body);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new RegistryException(
                RegistryFailure.Unreachable,
                $"Get \"{address.GetLeftPart(UriPartial.Path)}\": {Dialer.Explain(failure).Words}",
                inner: failure
            );
        }
    }

    static TokenResponse? Read(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, DistributionJson.Default.TokenResponse);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static RegistryException Refusal(Uri realm, HttpStatusCode status, byte[] body)
    {
        var error = RegistryError.First(body);
        var unauthorized = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        return new RegistryException(
            unauthorized ? RegistryFailure.Unauthorized
                : status == HttpStatusCode.TooManyRequests ? RegistryFailure.RateLimited
                : RegistryFailure.Refused,
            $"Get \"{realm.GetLeftPart(UriPartial.Path)}\": "
                + (
                    error is not null ? error.ToString()
                    : unauthorized ? "unauthorized: incorrect username or password"
                    : $"received unexpected HTTP status: {(int)status}"
                ),
            error
        );
    }
}
