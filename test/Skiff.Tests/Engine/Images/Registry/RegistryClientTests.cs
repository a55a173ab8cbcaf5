// Requests to registries that are slow, broken, hostile or protected.
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;
using Xunit;
using Endpoint = Skiff.Engine.Images.Registry.Endpoint;

namespace Skiff.Tests.Engine.Images.Registry;

public sealed class RegistryClientTests : IAsyncLifetime
{
    static readonly RegistryPolicy Impatient = new()
    {
        Attempts = 3,
        FirstDelay = TimeSpan.FromMilliseconds(1),
        MaxDelay = TimeSpan.FromSeconds(5),
    };
    static readonly byte[] Bytes = RandomNumberGenerator.GetBytes(300_000);

    readonly Hosts hosts = new(new EngineOptions(), Impatient);
    FaultyRegistry registry = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => registry = await FaultyRegistry.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        hosts.Dispose();
    }

    RegistryClient Client(RegistryCredentials? credentials = null, bool mirror = false) =>
        new(hosts, new Endpoint(registry.Address, mirror, Insecure: true), credentials, new Scope("a/b", Push: false));

    static async Task<byte[]> ReadAsync(RegistryClient client, Descriptor blob, long offset = 0)
    {
        await using var download = new BlobDownload(client, blob, offset, Stop);
        using var all = new MemoryStream();
        var buffer = new byte[10_000];
        int count;
        while ((count = await download.ReadAsync(buffer, Stop)) > 0)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }

    [Fact]
    public async Task Continues_a_broken_download_by_range()
    {
        var blob = registry.AddBlob(Bytes);
        var breaks = 0;
        registry.Intercept = async context =>
        {
            if (breaks++ > 1)
                return false;
            var from = (int)(context.Request.GetTypedHeaders().Range?.Ranges.First().From ?? 0);
            await FaultyRegistry.BreakAsync(context, Bytes, 100_000, from);
            return true;
        };
        Assert.Equal(Bytes, await ReadAsync(Client(), blob));
        Assert.Equal(3, registry.Requests.Count);
        Assert.EndsWith("bytes=200000-", registry.Requests.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Continues_a_download_although_the_registry_ignores_range()
    {
        var blob = registry.AddBlob(Bytes);
        registry.Intercept = async context =>
        {
            if (registry.Requests.Count == 1)
                await FaultyRegistry.BreakAsync(context, Bytes, 100_000);
            else
                await context.Response.Body.WriteAsync(Bytes);
            return true;
        };
        Assert.Equal(Bytes, await ReadAsync(Client(), blob));
    }

    [Fact]
    public async Task Starts_where_an_earlier_try_ended()
    {
        var blob = registry.AddBlob(Bytes);
        Assert.Equal(Bytes[1000..], await ReadAsync(Client(), blob, 1000));
    }

    [Fact]
    public async Task Gives_up_a_download_that_never_gets_further()
    {
        var blob = registry.AddBlob(Bytes);
        registry.Intercept = async context =>
        {
            await FaultyRegistry.BreakAsync(context, Bytes, context.Request.Headers.Range.Count > 0 ? 0 : 50_000);
            return true;
        };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Client(), blob));
        Assert.Equal(RegistryFailure.Unreachable, failure.Failure);
    }

    [Fact]
    public async Task Reads_no_more_than_the_descriptor_says()
    {
        var blob = registry.AddBlob(Bytes) with { Size = 1000 };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Client(), blob));
        Assert.Contains("should have 1000 bytes", failure.Message, StringComparison.Ordinal);

        // Without a length it is cut at the size, however long it goes on.
        registry.Intercept = async context =>
        {
            await context.Response.StartAsync();
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(Bytes);
            return true;
        };
        Assert.Equal(1000, (await ReadAsync(Client(), blob)).Length);
    }

    [Fact]
    public async Task Says_that_a_blob_is_shorter_than_its_descriptor()
    {
        var blob = registry.AddBlob(Bytes) with { Size = Bytes.Length + 1 };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Client(), blob));
        Assert.Equal(RegistryFailure.BadContent, failure.Failure);
        Assert.Contains("has no more than 300000 bytes", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Tries_again_after_a_busy_answer(int status)
    {
        var blob = registry.AddBlob(Bytes);
        registry.Intercept = context =>
        {
            if (registry.Requests.Count > 2)
                return Task.FromResult(false);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "0";
            return Task.FromResult(true);
        };
        Assert.Equal(Bytes, await ReadAsync(Client(), blob));
        Assert.Equal(3, registry.Requests.Count);
    }

    [Fact]
    public async Task Does_not_wait_longer_than_its_patience()
    {
        registry.Intercept = async context =>
        {
            context.Response.Headers.RetryAfter = "3600";
            await FaultyRegistry.RefuseAsync(context, 429, "TOOMANYREQUESTS", "you have reached your pull rate limit");
            return true;
        };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => Client().ManifestAsync("latest", null, null, Stop));
        Assert.Equal("toomanyrequests: you have reached your pull rate limit", failure.Message);
        Assert.Equal(RegistryFailure.RateLimited, failure.Failure);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task Never_carries_credentials_to_another_host()
    {
        await using var other = await FaultyRegistry.StartAsync();
        var blob = other.AddBlob(Bytes);
        registry.Intercept = context =>
        {
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"r\"";
            }
            else
                context.Response.Redirect($"{other.Address}elsewhere/{blob.Digest}");
            return Task.FromResult(true);
        };
        Assert.Equal(Bytes, await ReadAsync(Client(new("user", "secret", null, null)), blob));
        Assert.EndsWith(FaultyRegistry.Basic("user", "secret"), registry.Requests.Last(), StringComparison.Ordinal);
        Assert.Equal($"GET /elsewhere/{blob.Digest}", Assert.Single(other.Requests));
    }

    [Fact]
    public async Task Does_not_answer_a_challenge_of_another_host()
    {
        await using var other = await FaultyRegistry.StartAsync();
        other.Intercept = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"r\"";
            return Task.FromResult(true);
        };
        registry.Intercept = context =>
        {
            context.Response.Redirect($"{other.Address}elsewhere");
            return Task.FromResult(true);
        };
        var blob = registry.AddBlob(Bytes);
        await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Client(new("user", "secret", null, null)), blob));
        Assert.Equal("GET /elsewhere", Assert.Single(other.Requests));
    }

    [Fact]
    public async Task Keeps_the_registrys_credentials_from_a_mirror()
    {
        registry.Intercept = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"r\"";
            return Task.FromResult(true);
        };
        var client = Client(new("user", "secret", null, null), mirror: true);
        var failure = await Assert.ThrowsAsync<RegistryException>(() => client.ManifestAsync("latest", null, null, Stop));
        Assert.EndsWith("no basic auth credentials", failure.Message, StringComparison.Ordinal);
        Assert.Equal("GET /v2/a/b/manifests/latest", Assert.Single(registry.Requests));
    }

    [Fact]
    public async Task Stops_after_too_many_redirects()
    {
        registry.Intercept = context =>
        {
            context.Response.Redirect("/again");
            return Task.FromResult(true);
        };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => Client().ManifestAsync("latest", null, null, Stop));
        Assert.EndsWith("stopped after 8 redirects", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Gets_a_token_once_and_uses_it(bool refresh)
    {
        var blob = registry.AddBlob(Bytes);
        string? asked = null;
        registry.Intercept = async context =>
        {
            if (context.Request.Path == "/token")
            {
                asked = refresh
                    ? await new StreamReader(context.Request.Body).ReadToEndAsync()
                    : context.Request.QueryString + " " + context.Request.Headers.Authorization;
                await context.Response.WriteAsync("""{"access_token":"t0ken","expires_in":300}""");
                return true;
            }
            if (context.Request.Headers.Authorization == "Bearer t0ken")
                return false;
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{registry.Address}token\",service=\"s v\",scope=\"x\"";
            return true;
        };
        var client = Client(refresh ? new(null, null, "identity", null) : new("user", "secret", null, null));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ReadAsync(client, blob)));
        await ReadAsync(client, blob);
        Assert.Equal(1, registry.Count(refresh ? "POST /token" : "GET /token"));
        Assert.Equal(
            refresh
                ? "grant_type=refresh_token&service=s+v&client_id=skiff&scope=repository%3Aa%2Fb%3Apull&refresh_token=identity"
                : "?account=user&scope=repository%3Aa%2Fb%3Apull&service=s%20v " + FaultyRegistry.Basic("user", "secret"),
            asked
        );
    }

    [Fact]
    public async Task Tells_denied_from_not_logged_in()
    {
        registry.Intercept = async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync("""{"token":"t0ken"}""");
                return true;
            }
            var insufficient = context.Request.Headers.Authorization.Count > 0 ? ",error=\"insufficient_scope\"" : "";
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{registry.Address}token\"{insufficient}";
            await FaultyRegistry.RefuseAsync(context, 401, "UNAUTHORIZED", "authentication required");
            return true;
        };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => Client().ManifestAsync("latest", null, null, Stop));
        Assert.Equal("denied: requested access to the resource is denied", failure.Message);
        Assert.Equal(3, registry.Requests.Count);
    }

    [Fact]
    public async Task Refuses_a_manifest_that_is_another_one()
    {
        var manifest = Encoding.UTF8.GetBytes("""{"schemaVersion":2,"manifests":[]}""");
        registry.Content["a/b:latest"] = (manifest, MediaTypes.OciIndex);
        var wanted = Digest.FromSha256(SHA256.HashData("x"u8));
        var client = Client();
        var failure = await Assert.ThrowsAsync<RegistryException>(() => client.ManifestAsync("latest", wanted, null, Stop));
        Assert.StartsWith($"manifest verification failed for digest {wanted}", failure.Message, StringComparison.Ordinal);
        Assert.NotNull((await client.ManifestAsync("latest", null, manifest.Length, Stop)).Document.Index);
        await Assert.ThrowsAsync<RegistryException>(() => client.ManifestAsync("latest", null, 5, Stop));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refuses_a_huge_manifest(bool announced)
    {
        registry.Intercept = async context =>
        {
            if (announced)
                context.Response.ContentLength = ManifestDocument.MaxBytes + 1L;
            for (var i = 0; i < 15 && !context.RequestAborted.IsCancellationRequested; i++)
                await context.Response.Body.WriteAsync(Bytes.AsMemory(0, 290_000));
            return true;
        };
        var failure = await Assert.ThrowsAsync<RegistryException>(() => Client().ManifestAsync("latest", null, null, Stop));
        Assert.Contains("larger than 4194304 bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_a_silent_registry_as_dead()
    {
        using var hasty = new Hosts(new EngineOptions(), Impatient with { IdleTimeout = TimeSpan.FromMilliseconds(200) });
        registry.Intercept = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        var client = new RegistryClient(hasty, new Endpoint(registry.Address, false, true), null, new Scope("a", false));
        var failure = await Assert.ThrowsAsync<RegistryException>(() => client.ManifestAsync("latest", null, null, Stop));
        Assert.EndsWith("i/o timeout", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_in_dockers_words_that_nobody_listens()
    {
        var address = registry.Address;
        await registry.DisposeAsync();
        var failure = await Assert.ThrowsAsync<RegistryException>(() => Client().ManifestAsync("latest", null, null, Stop));
        Assert.Equal($"Get \"{address}v2/\": dial tcp {address.Authority}: connect: connection refused", failure.Message);
    }

    [Fact]
    public async Task Says_that_plain_http_met_tls()
    {
        var tls = new Endpoint(new Uri($"https://{registry.Authority}/"), false, true);
        var client = new RegistryClient(hosts, tls, null, new Scope("a", false));
        var failure = await Assert.ThrowsAsync<RegistryException>(() => client.ManifestAsync("latest", null, null, Stop));
        Assert.EndsWith("http: server gave HTTP response to HTTPS client", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uploads_a_blob_and_mounts_another()
    {
        byte[]? received = null;
        registry.Intercept = async context =>
        {
            if (context.Request.Method == "POST" && context.Request.Query["from"] == "other/repo")
                context.Response.StatusCode = 201;
            else if (context.Request.Method == "POST")
            {
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = "/upload/1?state=x";
            }
            else
            {
                using var all = new MemoryStream();
                await context.Request.Body.CopyToAsync(all);
                received = all.ToArray();
                Assert.StartsWith("?state=x&digest=sha256:", context.Request.QueryString.Value, StringComparison.Ordinal);
                context.Response.StatusCode = 201;
            }
            return true;
        };
        var client = Client();
        var blob = registry.AddBlob(Bytes);
        Assert.Null(await client.BeginUploadAsync(blob.Digest, "other/repo", Stop));
        var location = await client.BeginUploadAsync(blob.Digest, null, Stop);
        var sent = 0L;
        await client.UploadAsync(location!, blob, () => new MemoryStream(Bytes), n => sent = n, Stop);
        Assert.Equal(Bytes, received);
        Assert.Equal(Bytes.Length, sent);
    }
}
