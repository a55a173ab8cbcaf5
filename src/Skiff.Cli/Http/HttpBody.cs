// The body of an answer: of known length, in chunks, or until the connection ends.
using System.Globalization;
using Skiff.Oci.Layers;

namespace Skiff.Cli.Http;

internal sealed class HttpBody(HttpConnection connection, long left, bool keep) : ReadOnlyStream
{
    public const long Chunked = -1;
    public const long UntilEnd = -2;

    readonly bool chunked = left == Chunked;
    long remaining = left == Chunked ? 0 : left;
    bool first = true;
    bool finished = left == 0;

    public HttpConnection Connection => connection;

    public override int Read(Span<byte> buffer)
    {
        if (finished || buffer.IsEmpty)
            return 0;
        if (chunked && remaining == 0 && !NextChunk())
        {
            Finish();
            return 0;
        }
        int wanted = remaining == UntilEnd ? buffer.Length : (int)Math.Min(buffer.Length, remaining);
        int count = connection.Read(buffer[..wanted]);
        if (remaining == UntilEnd)
        {
            finished = count == 0;
            return count;
        }
        if (count == 0)
            throw new EndOfStreamException("the engine closed the connection in the middle of its answer");
        remaining -= count;
        if (remaining == 0 && !chunked)
            Finish();
        return count;
    }

    void Finish()
    {
        finished = true;
        connection.Reusable = keep;
    }

    // chunk := size [";" extensions] CRLF data CRLF; after the last one (size 0) come trailers and an empty line.
    bool NextChunk()
    {
        if (!first && connection.ReadLine() is not "")
            throw new IOException("malformed chunk from the engine");
        first = false;
        string line =
            connection.ReadLine()
            ?? throw new EndOfStreamException("the engine closed the connection in the middle of its answer");
        int semicolon = line.IndexOf(';');
        var size = (semicolon < 0 ? line : line[..semicolon]).AsSpan().Trim();
        if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out remaining) || remaining < 0)
            throw new IOException("malformed chunk from the engine");
        if (remaining > 0)
            return true;
        while (connection.ReadLine() is { Length: > 0 }) { }
        return false;
    }

    /// <summary>The whole rest, at most <paramref name="limit"/> bytes.</summary>
    /// <exception cref="IOException">longer</exception>
    public ReadOnlyMemory<byte> ReadAll(int limit)
    {
        var bytes = new byte[Math.Clamp(remaining, 4096, 1 << 20)];
        int length = 0;
        while (true)
        {
            if (length == bytes.Length)
            {
                if (length >= limit)
                    throw new IOException($"the engine's answer is longer than {limit} bytes");
                Array.Resize(ref bytes, Math.Min(limit, length * 2));
            }
            int count = Read(bytes.AsSpan(length));
            if (count == 0)
                return bytes.AsMemory(0, length);
            length += count;
        }
    }
}
