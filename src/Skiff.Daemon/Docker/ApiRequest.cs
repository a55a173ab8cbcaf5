// One request of the Engine API: its parameters in, its answer out.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Skiff.Docker;
using Skiff.Engine;

namespace Skiff.Daemon.Docker;

internal sealed class ApiRequest(HttpContext context, ApiVersion version, Dictionary<string, string> path) : IDisposable
{
    const int MaxBodyBytes = 4 << 20;

    internal HttpContext Http { get; } = context;

    /// <summary>The version the client asked for; answers are shaped by it.</summary>
    internal ApiVersion Version { get; } = version;

    readonly CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(
        context.RequestAborted,
        context.Features.Get<ClientConnection>()?.Finished ?? default,
        context.Features.Get<ClientConnection>()?.Stopping ?? default
    );

    /// <summary>
    /// Cancelled when nobody waits for the answer: the client closed its side, or the daemon stops. For reading and
    /// waiting; what changes a container runs to its end.
    /// </summary>
    internal CancellationToken Gone => gone.Token;

    /// <summary>The connection has left HTTP: no answer can be given any more.</summary>
    internal bool Hijacked { get; set; }

    public void Dispose() => gone.Dispose();

    internal string Path(string name) => path[name];

    internal string? Query(string name) => Http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    internal IEnumerable<string> QueryList(string name) =>
        Http.Request.Query.TryGetValue(name, out var values) ? values.OfType<string>() : [];

    /// <summary>Docker's rule: absent, "", 0, no, false and none are false, everything else is true.</summary>
    internal bool Flag(string name, bool otherwise = false) =>
        Query(name) is { } value ? value.Trim().ToLowerInvariant() is not ("" or "0" or "no" or "false" or "none") : otherwise;

    /// <exception cref="EngineException">InvalidParameter: not a number</exception>
    internal int? Number(string name) =>
        Query(name) is not { Length: > 0 } text ? null
        : int.TryParse(text, CultureInfo.InvariantCulture, out int number) ? number
        : throw EngineException.Invalid($"invalid value for {name}: \"{text}\"");

    /// <exception cref="EngineException">InvalidParameter: malformed, or a key that is not known here</exception>
    internal Filters Filters(params ReadOnlySpan<string> known)
    {
        try
        {
            var filters = Skiff.Docker.Filters.Parse(Query("filters"));
            return filters.Unknown(known) is { } key ? throw EngineException.Invalid($"invalid filter '{key}'") : filters;
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message);
        }
    }

    /// <summary>Rows or columns of a terminal; more than it can have are as many as it can.</summary>
    /// <param name="what">"height" or "width", for the failure</param>
    /// <exception cref="EngineException">InvalidParameter: none, or no such number</exception>
    internal ushort Size(string name, string what)
    {
        string text = Query(name) ?? "";
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            throw EngineException.Invalid($"invalid resize {what} \"{text}\": invalid syntax");
        return number is >= 0 and <= uint.MaxValue
            ? (ushort)Math.Min(number, ushort.MaxValue)
            : throw EngineException.Invalid($"invalid resize {what} \"{text}\": value out of range");
    }

    /// <summary>The body as JSON.</summary>
    /// <exception cref="EngineException">InvalidParameter: none, too long, or malformed</exception>
    internal async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class => await ReadOrNullAsync(type) ?? throw EngineException.Invalid("the request body is empty");

    /// <summary>null: the body is JSON's "null".</summary>
    internal async Task<T?> ReadOrNullAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        using var buffer = new MemoryStream();
        byte[] chunk = new byte[16 << 10];
        int read;
        while ((read = await Http.Request.Body.ReadAsync(chunk, Gone)) > 0)
        {
            if (buffer.Length + read > MaxBodyBytes)
                throw EngineException.Invalid("the request body is too large");
            buffer.Write(chunk, 0, read);
        }
        try
        {
            return JsonSerializer.Deserialize(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), type);
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"invalid JSON: {e.Message}");
        }
    }

    internal bool HasBody => Http.Request.ContentLength is > 0 || Http.Request.Headers.TransferEncoding.Count > 0;

    internal async Task AnswerAsync<T>(T body, JsonTypeInfo<T> type, int status = 200)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(body, type);
        Http.Response.StatusCode = status;
        Http.Response.ContentType = "application/json";
        Http.Response.ContentLength = json.Length;
        await Http.Response.Body.WriteAsync(json);
    }

    internal Task NothingAsync(int status = 204)
    {
        Http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
