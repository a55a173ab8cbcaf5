// The two formats of a container's log file, read in both directions.
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Skiff.Engine.Containers;

/// <summary>Where the entries of a log begin and end, and what is in one.</summary>
internal abstract class LogFormat
{
    /// <summary>A longer entry is not one of ours: 16 KiB of output, each byte escaped to six, and the rest of the object.</summary>
    internal const int MaxEntryBytes = 128 << 10;

    internal static LogFormat Of(string driver) => driver == "local" ? LocalLogFormat.Instance : JsonLogFormat.Instance;

    /// <summary>Bytes of the first entry; 0 if it is not complete; less than 0: so many bytes are none.</summary>
    internal abstract int First(ReadOnlySpan<byte> bytes);

    /// <summary>Where the last entry begins; -1 if it is not complete.</summary>
    internal abstract int Last(ReadOnlySpan<byte> bytes);

    /// <summary>Bytes at the end of a file that are not an entry (yet).</summary>
    internal abstract int Torn(ReadOnlySpan<byte> end);

    /// <summary>An entry; null if it is none.</summary>
    internal abstract LogLine? Parse(ReadOnlySpan<byte> entry);
}

/// <summary>Docker's json-file: {"log":"..\n","stream":"stdout","attrs":{"k":"v"},"time":".."} and a newline each.</summary>
internal sealed class JsonLogFormat : LogFormat
{
    internal static readonly JsonLogFormat Instance = new();

    internal override int First(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        return end >= 0 ? end + 1
            : bytes.Length >= MaxEntryBytes ? -bytes.Length
            : 0;
    }

    // Without an earlier newline it may begin before these bytes; only the reader knows.
    internal override int Last(ReadOnlySpan<byte> bytes) => bytes.Length == 0 ? -1 : bytes[..^1].LastIndexOf((byte)'\n') + 1;

    internal override int Torn(ReadOnlySpan<byte> end) => end.Length - 1 - end.LastIndexOf((byte)'\n');

    internal override LogLine? Parse(ReadOnlySpan<byte> entry)
    {
        try
        {
            var reader = new Utf8JsonReader(entry);
            byte[]? text = null;
            byte stream = 1;
            DateTimeOffset time = default;
            Dictionary<string, string>? attributes = null;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                if (reader.ValueTextEquals("log"u8))
                {
                    reader.Read();
                    text = Bytes(ref reader);
                }
                else if (reader.ValueTextEquals("stream"u8))
                {
                    reader.Read();
                    stream = reader.ValueTextEquals("stderr"u8) ? (byte)2 : (byte)1;
                }
                else if (reader.ValueTextEquals("time"u8))
                {
                    reader.Read();
                    time = DateTimeOffset.Parse(reader.GetString()!, CultureInfo.InvariantCulture);
                }
                else if (reader.ValueTextEquals("attrs"u8))
                {
                    reader.Read();
                    attributes = Attributes(ref reader);
                }
                else
                    reader.Skip();
            }
            return text is null ? null : new LogLine(stream, time, text, attributes);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null; // torn, by a full disk
        }
    }

    static byte[] Bytes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new FormatException();
        byte[] bytes = new byte[reader.ValueSpan.Length];
        int length = reader.CopyString(bytes);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    static Dictionary<string, string> Attributes(ref Utf8JsonReader reader)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            attributes[key] = reader.GetString() ?? "";
        }
        return attributes;
    }
}

/// <summary>
/// Docker's local format: a protobuf message between its length and its length again, so that it is read from either end.
/// <code>
/// | length, 4 bytes BE | 1: source  2: nanoseconds since 1970  3: line without newline  4: partial | length again |
/// </code>
/// </summary>
internal sealed class LocalLogFormat : LogFormat
{
    internal static readonly LocalLogFormat Instance = new();
    const int LengthBytes = 4;

    internal override int First(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthBytes)
            return 0;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        // What has no sound length cannot be passed over: nothing after it can be told from its inside.
        if (length > MaxEntryBytes)
            return -bytes.Length;
        int whole = (int)length + 2 * LengthBytes;
        return whole <= bytes.Length ? whole : 0;
    }

    internal override int Last(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 * LengthBytes)
            return -1;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[^LengthBytes..]);
        long start = bytes.Length - (long)length - 2 * LengthBytes;
        return length <= MaxEntryBytes && start >= 0 ? (int)start : -1;
    }

    // The shim writes whole entries and cuts what a full disk tore.
    internal override int Torn(ReadOnlySpan<byte> end) => 0;

    internal override LogLine? Parse(ReadOnlySpan<byte> entry)
    {
        var message = entry[LengthBytes..^LengthBytes];
        byte stream = 1;
        DateTimeOffset time = default;
        byte[] text = [];
        bool partial = false;
        while (!message.IsEmpty)
        {
            if (!Varint(ref message, out ulong tag) || !Varint(ref message, out ulong value))
                return null;
            ReadOnlySpan<byte> content = default;
            if ((tag & 7) == 2)
            {
                if (value > (ulong)message.Length)
                    return null;
                content = message[..(int)value];
                message = message[(int)value..];
            }
            else if ((tag & 7) != 0)
                return null;
            switch (tag >> 3)
            {
                case 1:
                    stream = content.SequenceEqual("stderr"u8) ? (byte)2 : (byte)1;
                    break;
                case 2:
                    time = DateTimeOffset.UnixEpoch.AddTicks((long)value / 100);
                    break;
                case 3:
                    text = content.ToArray();
                    break;
                case 4:
                    partial = value != 0;
                    break;
            }
        }
        return new LogLine(stream, time, partial ? text : [.. text, (byte)'\n'], null);
    }

    static bool Varint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }
        return false;
    }
}
