// A registry on a loopback port that misbehaves as told.
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Tests.Engine.Images.Registry;

/// <summary>Serves blobs and manifests from memory; <see cref="Intercept"/> may answer instead.</summary>
internal sealed class FaultyRegistry : IAsyncDisposable
{
    readonly WebApplication app;

    FaultyRegistry(WebApplication app) => this.app = app;

    /// <summary>Of any repository: by digest, or "repository:tag".</summary>
    public ConcurrentDictionary<string, (byte[] Bytes, string Type)> Content { get; } = new();

    /// <summary>"GET /v2/... authorization", in order of arrival.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>True: it has answered.</summary>
    public Func<HttpContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    public Uri Address { get; private set; } = null!;

    public string Authority => Address.Authority;

    public static async Task<FaultyRegistry> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0);
            k.Limits.MaxRequestBodySize = null;
        });
        var registry = new FaultyRegistry(builder.Build());
        registry.app.Run(registry.AnswerAsync);
        await registry.app.StartAsync();
        registry.Address = new Uri(registry.app.Urls.First() + "/");
        return registry;
    }

    public int Count(string prefix) => Requests.Count(r => r.StartsWith(prefix, StringComparison.Ordinal));

    public Digest Add(byte[] bytes, string type = "application/octet-stream")
    {
        var digest = Digest.FromSha256(SHA256.HashData(bytes));
        Content[digest.ToString()] = (bytes, type);
        return digest;
    }

    public Descriptor AddBlob(byte[] bytes, string type = "application/octet-stream") =>
        new()
        {
            MediaType = type,
            Digest = Add(bytes, type),
            Size = bytes.Length,
        };

    public void Tag(string name, Digest digest) => Content[name] = Content[digest.ToString()];

    async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue($"{request.Method} {request.Path} {request.Headers.Authorization} {request.Headers.Range}".TrimEnd());
        if (await Intercept(context))
            return;
        if (await AcceptAsync(context))
            return;
        var parts = request.Path.Value!.Split('/');
        var key = parts[^1];
        if (parts.Length > 2 && parts[^2] == "manifests" && !key.StartsWith("sha256:", StringComparison.Ordinal))
            key = $"{string.Join('/', parts[2..^2])}:{key}";
        if (!Content.TryGetValue(key, out var found))
        {
            var code = parts.Contains("manifests") ? "manifest unknown" : "blob unknown";
            await RefuseAsync(context, 404, code.ToUpperInvariant().Replace(' ', '_'), code);
            return;
        }
        var from = 0;
        if (request.GetTypedHeaders().Range?.Ranges.FirstOrDefault()?.From is { } start)
        {
            from = (int)start;
            context.Response.StatusCode = from < found.Bytes.Length ? 206 : 416;
            context.Response.Headers.ContentRange = $"bytes {from}-{found.Bytes.Length - 1}/{found.Bytes.Length}";
        }
        context.Response.ContentType = found.Type;
        context.Response.ContentLength = Math.Max(0, found.Bytes.Length - from);
        if (from < found.Bytes.Length && request.Method != "HEAD")
            await context.Response.Body.WriteAsync(found.Bytes.AsMemory(from));
    }

    // Uploads and manifests that are pushed; a blob that is here already can be mounted from anywhere.
    async Task<bool> AcceptAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Method == "POST")
        {
            var mounted = Content.ContainsKey(request.Query["mount"].ToString());
            response.StatusCode = mounted ? 201 : 202;
            response.Headers.Location = mounted ? "/" : "/upload/1";
            return true;
        }
        if (request.Method != "PUT")
            return false;
        using var all = new MemoryStream();
        await request.Body.CopyToAsync(all);
        var parts = request.Path.Value!.Split('/');
        var digest = Add(all.ToArray(), request.ContentType ?? "");
        if (parts.Contains("manifests"))
            Tag($"{string.Join('/', parts[2..^2])}:{parts[^1]}", digest);
        response.StatusCode = parts.Contains("manifests") || request.Query["digest"] == digest.ToString() ? 201 : 400;
        return true;
    }

    public static async Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"errors":[{"code":"{{code}}","message":"{{message}}"}]}""");
    }

    /// <summary>Announces the whole, sends a part and breaks the connection.</summary>
    public static async Task BreakAsync(HttpContext context, byte[] bytes, int sent, int from = 0)
    {
        context.Response.StatusCode = from > 0 ? 206 : 200;
        if (from > 0)
            context.Response.Headers.ContentRange = $"bytes {from}-{bytes.Length - 1}/{bytes.Length}";
        context.Response.ContentLength = bytes.Length - from;
        await context.Response.Body.WriteAsync(bytes.AsMemory(from, sent));
        await context.Response.Body.FlushAsync();
        context.Abort();
    }

    public static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
