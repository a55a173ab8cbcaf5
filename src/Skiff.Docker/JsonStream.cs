// JSON values one after the other, with or without white space between them: progress messages, events.
using System.Text.Json;

namespace Skiff.Docker;

/// <summary>Cuts a stream into values. One value is at most <see cref="LongestValue"/> bytes.</summary>
public sealed class JsonStream(Stream stream)
{
    public const int LongestValue = 16 << 20;
    byte[] buffer = new byte[8 << 10];
    int start;
    int end;
    bool ended;

    /// <summary>The next value, valid until the next call; null at the end.</summary>
    /// <exception cref="JsonException">what comes is no JSON, or is cut off</exception>
    public ReadOnlyMemory<byte>? Next()
    {
        while (true)
        {
            while (start < end && buffer[start] is (byte)' ' or (byte)'\r' or (byte)'\n' or (byte)'\t' or 0x1e)
                start++;
            if (start < end)
            {
                var reader = new Utf8JsonReader(
                    buffer.AsSpan(start, end - start),
                    ended,
                    new JsonReaderState(new JsonReaderOptions { AllowMultipleValues = true })
                );
                if (reader.Read() && reader.TrySkip())
                {
                    var value = buffer.AsMemory(start, (int)reader.BytesConsumed);
                    start += value.Length;
                    return value;
                }
            }
            if (ended)
                return start == end ? null : throw new JsonException("the stream ends in the middle of a message");
            Fill();
        }
    }

    void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
        if (end == buffer.Length)
        {
            if (end >= LongestValue)
                throw new JsonException($"a message is longer than {LongestValue} bytes");
            Array.Resize(ref buffer, buffer.Length * 2);
        }
        int count = stream.Read(buffer, end, buffer.Length - end);
        end += count;
        ended = count == 0;
    }
}
