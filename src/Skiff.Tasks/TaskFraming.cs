// Messages and stdio frames as bytes, for both ends: the picture is in TaskMessages.
using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Skiff.Tasks;

public static class TaskFraming
{
    /// <summary>Bytes of the length before each message.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Bytes of JSON in the longest message accepted: an exec with a long environment fits, memory stays bounded.</summary>
    public const int MaxMessageBytes = 4 << 20;

    /// <summary>Bytes of the header before each piece of output of a process without a terminal.</summary>
    public const int StdioHeaderBytes = 8;

    public const byte Stdout = 1;
    public const byte Stderr = 2;

    /// <summary>A message, its length first.</summary>
    public static byte[] Encode<T>(T message, JsonTypeInfo<T> type) =>
        Frame(writer => JsonSerializer.Serialize(writer, message, type));

    /// <summary>What <paramref name="write"/> writes, its length first.</summary>
    public static byte[] Frame(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.GetSpan(HeaderBytes)[..HeaderBytes].Clear();
        buffer.Advance(HeaderBytes);
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - HeaderBytes);
        return bytes;
    }

    /// <summary>The message in <paramref name="json"/> (without its length).</summary>
    /// <exception cref="JsonException">not such a message</exception>
    public static T Decode<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null is no message");

    /// <summary>Reads the length in front of a message.</summary>
    /// <exception cref="InvalidDataException">longer than <see cref="MaxMessageBytes"/></exception>
    public static int ReadLength(ReadOnlySpan<byte> header)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header);
        return length <= MaxMessageBytes
            ? (int)length
            : throw new InvalidDataException($"a message of {length} bytes is too long");
    }

    /// <summary>Writes the header of a piece of output.</summary>
    /// <param name="header">8 bytes</param>
    /// <param name="stream"><see cref="Stdout"/> or <see cref="Stderr"/></param>
    public static void WriteStdioHeader(Span<byte> header, byte stream, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)stream << 24);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], length);
    }
}
