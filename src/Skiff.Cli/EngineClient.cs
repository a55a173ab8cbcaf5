// The Engine API as a client: negotiation, requests, answers and errors, hijacked streams.
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skiff.Cli.Http;
using Skiff.Docker;

namespace Skiff.Cli;

/// <summary>
/// One engine. A connection whose answer was read to its end is used again; a second one is opened where an answer is
/// still running. Used by one thread at a time, except that a Hijacked stream is its taker's own.
/// </summary>
internal sealed class EngineClient(string host) : IDisposable
{
    const int LongestAnswer = 256 << 20;
    readonly EngineAddress address = EngineAddress.Parse(host);
    HttpConnection? idle;
    ApiVersion? negotiated;

    public string Host => address.Text;

    /// <summary>The newer of what both speak.</summary>
    public ApiVersion Version => negotiated ??= Negotiate();

    /// <summary>DOCKER_API_VERSION, or what HEAD /_ping answers, at most ours.</summary>
    ApiVersion Negotiate()
    {
        if (Environment.GetEnvironmentVariable("DOCKER_API_VERSION") is { Length: > 0 } wanted)
            return ApiVersion.TryParse(wanted.TrimStart('v'), out var version)
                ? version
                : throw new CliException($"DOCKER_API_VERSION is not a version: {wanted}");
        var answer = Exchange("HEAD", "/_ping", "", default, null);
        return
            answer.Headers.TryGetValue("Api-Version", out string? text)
            && ApiVersion.TryParse(text, out var server)
            && server < ApiVersion.Max
            ? server
            : ApiVersion.Max;
    }

    public T Get<T>(string path, JsonTypeInfo<T> type)
    {
        var answer = Request("GET", path);
        return Parse(answer, type);
    }

    /// <summary>The answer's text, unparsed.</summary>
    public ReadOnlyMemory<byte> GetRaw(string path) => Request("GET", path).Body.ReadAll(LongestAnswer);

    public T Post<T>(string path, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type) => Parse(Request("POST", path, body), type);

    /// <summary>Sends and throws the answer's body away.</summary>
    public void Do(string method, string path, ReadOnlyMemory<byte> body = default) =>
        Request(method, path, body).Body.ReadAll(LongestAnswer);

    public static ReadOnlyMemory<byte> Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    static T Parse<T>(HttpAnswer answer, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer.Body.ReadAll(LongestAnswer).Span, type)
                ?? throw new CliException("the engine answered null");
        }
        catch (JsonException e)
        {
            throw new CliException("the engine's answer is not what its API promises: " + e.Message);
        }
    }

    /// <summary>Sends a request under the negotiated version; an answer of success, its body still to be read.</summary>
    /// <exception cref="EngineErrorException">the engine refused</exception>
    public HttpAnswer Request(
        string method,
        string path,
        ReadOnlyMemory<byte> body = default,
        string headers = "",
        Stream? upload = null
    )
    {
        if (body.Length > 0)
            headers += "Content-Type: application/json\r\n";
        var answer = Exchange(method, $"/v{Version}{path}", headers, body, upload);
        if (answer.Status < 400)
            return answer;
        throw new EngineErrorException(answer.Status, Reason(answer));
    }

    /// <summary>Sends a request that turns its connection into a stream in both directions.</summary>
    public HijackedStream Hijack(string path, ReadOnlyMemory<byte> body = default)
    {
        string headers = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
        var answer = Request("POST", path, body, headers);
        // An engine that does not upgrade answers 200 and the same stream.
        idle = null;
        return new HijackedStream(answer.Body.Connection);
    }

    static string Reason(HttpAnswer answer)
    {
        var body = answer.Body.ReadAll(1 << 20);
        try
        {
            if (JsonSerializer.Deserialize(body.Span, DockerJson.Wire.ErrorBody)?.Message is { Length: > 0 } message)
                return message.TrimEnd();
        }
        catch (JsonException) { }
        string text = Encoding.UTF8.GetString(body.Span).Trim();
        return text.Length > 0 ? text : $"request returned {answer.Status} {answer.Reason}";
    }

    HttpAnswer Exchange(string method, string target, string headers, ReadOnlyMemory<byte> body, Stream? upload)
    {
        try
        {
            if (idle is { Reusable: true } old)
                try
                {
                    return old.Send(method, target, headers, body, upload);
                }
                catch (Exception e) when (upload is null && e is IOException or SocketException)
                {
                    // The engine closed the idle connection meanwhile: once more on a new one.
                    old.Dispose();
                }
            idle = new HttpConnection(Connection.Open(address), address.HostHeader);
            return idle.Send(method, target, headers, body, upload);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new CliException(
                $"permission denied while trying to connect to the Skiff engine socket at {address.Text}: run as root, or as a member of the socket's group"
            );
        }
        catch (SocketException e)
            when (e.SocketErrorCode
                    is SocketError.ConnectionRefused
                        or SocketError.AddressNotAvailable
                        or SocketError.HostNotFound
                        or SocketError.NetworkUnreachable
                        or SocketError.HostUnreachable
                        or SocketError.TimedOut
                || e.NativeErrorCode is 2 or 20
            )
        {
            throw new CliException(
                $"Cannot connect to the Skiff engine at {address.Text}. Is skiffd running? Start it with: sudo systemctl start skiff, or sudo skiffd &"
            );
        }
        catch (Exception e) when (e is (IOException and not Terminal.BrokenPipeException) or SocketException)
        {
            throw new CliException($"error during connect to {address.Text}: {e.Message}");
        }
    }

    public void Dispose() => idle?.Dispose();
}

/// <summary>An attached process: output is read here and input is written, until either side ends.</summary>
internal sealed class HijackedStream(HttpConnection connection) : IDisposable
{
    /// <summary>0 at the end.</summary>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return connection.Read(buffer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    /// <summary>false: the engine takes no more.</summary>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        try
        {
            connection.Wire.Write(bytes);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void CloseWrite()
    {
        try
        {
            connection.Wire.ShutdownWrite();
        }
        catch (SocketException)
        {
            // It ended first.
        }
    }

    /// <summary>Ends it from another thread: Read returns 0.</summary>
    public void Abandon()
    {
        try
        {
            connection.Wire.ShutdownBoth();
        }
        catch (SocketException)
        {
            // It ended first.
        }
    }

    public void Dispose() => connection.Dispose();
}
