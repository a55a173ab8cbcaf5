// HTTP/1.1 as a client, as much as an engine needs: one request at a time on a connection, answers with a length, in
// chunks or until the end, and the 101 that turns the connection into a plain stream. RFC 9112.
//
// Why not HttpClient: an attached stream needs the socket itself (half-close, a read on one thread and writes on
// another), everything here is synchronous, and it is no slower (docs/adr/0009 has the figures).
using System.Globalization;
using System.Text;

namespace Skiff.Cli.Http;

internal sealed class HttpConnection(Connection wire, string host) : IDisposable
{
    const int LongestHead = 64 << 10;
    readonly byte[] buffer = new byte[32 << 10];
    int start;
    int end;

    /// <summary>The last answer was read to its end and the engine keeps the connection.</summary>
    public bool Reusable { get; set; } = true;
    public Connection Wire => wire;

    /// <summary>Sends a request. A body of unknown length goes in chunks.</summary>
    /// <param name="headers">"Name: value\r\n" lines</param>
    /// <exception cref="IOException">the connection broke, or what came is not HTTP</exception>
    public HttpAnswer Send(string method, string target, string headers, ReadOnlyMemory<byte> body, Stream? upload = null)
    {
        Reusable = false;
        var head = new StringBuilder(256);
        head.Append(method).Append(' ').Append(target).Append(" HTTP/1.1\r\nHost: ").Append(host);
        head.Append("\r\nUser-Agent: skiff/").Append(Product.Version).Append(" (linux)\r\n").Append(headers);
        if (upload is not null)
            head.Append("Transfer-Encoding: chunked\r\n");
        else if (method != "GET" && method != "HEAD")
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        head.Append("\r\n");
        var bytes = new byte[head.Length + body.Length];
        int length = Encoding.Latin1.GetBytes(head.ToString(), bytes);
        body.Span.CopyTo(bytes.AsSpan(length));
        wire.Write(bytes);
        if (upload is not null)
            SendChunks(upload);
        return ReadHead(method == "HEAD");
    }

    void SendChunks(Stream upload)
    {
        var chunk = new byte[128 << 10];
        const int Room = 10;
        try
        {
            int count;
            while ((count = upload.Read(chunk, Room, chunk.Length - Room - 2)) > 0)
            {
                // The size line is put before the data and the line's end after it: one write a chunk.
                var size = Encoding.ASCII.GetBytes(count.ToString("x8", CultureInfo.InvariantCulture) + "\r\n");
                size.CopyTo(chunk, 0);
                chunk[Room + count] = (byte)'\r';
                chunk[Room + count + 1] = (byte)'\n';
                wire.Write(chunk.AsSpan(0, Room + count + 2));
            }
            wire.Write("0\r\n\r\n"u8);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The engine may refuse before it has read all: its answer says why and is read next.
        }
    }

    HttpAnswer ReadHead(bool noBody)
    {
        var (version, status, reason) = ReadStatusLine();
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        int total = 0;
        while (ReadLine() is { Length: > 0 } line)
        {
            total += line.Length;
            int colon = line.IndexOf(':');
            if (colon <= 0 || total > LongestHead)
                throw new IOException("malformed HTTP header from the engine");
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        if (status is >= 100 and < 200 and not 101)
            return ReadHead(noBody);
        bool close =
            version == "HTTP/1.0"
            || headers.TryGetValue("Connection", out var connection)
                && connection.Contains("close", StringComparison.OrdinalIgnoreCase);
        long left;
        if (noBody || status is 101 or 204 or 304)
            left = 0;
        else if (
            headers.TryGetValue("Transfer-Encoding", out var coding)
            && coding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase)
        )
            left = HttpBody.Chunked;
        else if (headers.TryGetValue("Content-Length", out var length))
            left = long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
                ? bytes
                : throw new IOException("malformed Content-Length from the engine");
        else
            left = HttpBody.UntilEnd;
        Reusable = left == 0 && !close && status != 101;
        return new HttpAnswer(status, reason, headers, new HttpBody(this, left, keep: !close));
    }

    (string Version, int Status, string Reason) ReadStatusLine()
    {
        string line = ReadLine() ?? throw new EndOfStreamException("the engine closed the connection without an answer");
        if (
            !line.StartsWith("HTTP/1.", StringComparison.Ordinal)
            || line.Length < 12
            || !int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
        )
            throw new IOException("what answers is not an HTTP server");
        return (line[..8], status, line.Length > 13 ? line[13..] : "");
    }

    /// <summary>A line without its end; null at the end of the connection.</summary>
    public string? ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (start == end && !Fill())
                return line.Length == 0 ? null : throw new EndOfStreamException("the engine closed the connection");
            var available = buffer.AsSpan(start, end - start);
            int newline = available.IndexOf((byte)'\n');
            var part = newline < 0 ? available : available[..newline];
            line.Append(Encoding.Latin1.GetString(part));
            start += part.Length + (newline < 0 ? 0 : 1);
            if (line.Length > LongestHead)
                throw new IOException("a header line from the engine is too long");
            if (newline < 0)
                continue;
            if (line.Length > 0 && line[^1] == '\r')
                line.Length--;
            return line.ToString();
        }
    }

    /// <summary>Reads what is buffered, else from the wire. 0 at the end.</summary>
    public int Read(Span<byte> target)
    {
        if (target.IsEmpty)
            return 0;
        if (start == end)
        {
            if (target.Length >= buffer.Length)
                return wire.Read(target);
            if (!Fill())
                return 0;
        }
        int count = Math.Min(target.Length, end - start);
        buffer.AsSpan(start, count).CopyTo(target);
        start += count;
        return count;
    }

    bool Fill()
    {
        start = 0;
        end = wire.Read(buffer);
        return end > 0;
    }

    public void Dispose() => wire.Dispose();
}

/// <summary>An answer. Its body is to be read to the end, or the connection disposed.</summary>
internal sealed record HttpAnswer(int Status, string Reason, Dictionary<string, string> Headers, HttpBody Body);
