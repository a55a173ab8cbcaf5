// One line of output as an entry of Docker's local format: a protobuf message between its length and its length again.
//
//   | length, 4 bytes BE | 1: source  2: nanoseconds since 1970  3: line without newline  4: partial | length again |
using System.Buffers.Binary;

namespace Skiff.Runtime.Shim;

internal sealed class LocalLogEncoder : LogEncoder
{
    // protobuf, Encoding: a tag is the field's number and its kind, 0 a varint, 2 bytes with their length before them.
    const byte Source = 1 << 3 | 2;
    const byte Time = 2 << 3;
    const byte Line = 3 << 3 | 2;
    const byte Partial = 4 << 3;

    readonly byte[] head = new byte[32];

    public override void Add(ReadOnlySpan<byte> line, bool newline, bool stderr, DateTime time)
    {
        int count = 4;
        head[count++] = Source;
        var source = stderr ? "stderr"u8 : "stdout"u8;
        head[count++] = (byte)source.Length;
        source.CopyTo(head.AsSpan(count));
        count += source.Length;
        head[count++] = Time;
        count = Varint(count, (ulong)(time - DateTime.UnixEpoch).Ticks * 100);
        head[count++] = Line;
        count = Varint(count, (ulong)line.Length);
        int length = count - 4 + line.Length + (newline ? 0 : 2);
        BinaryPrimitives.WriteInt32BigEndian(head, length);
        Put(head.AsSpan(0, count));
        Put(line);
        if (!newline)
            Put([Partial, 1]);
        Put(head.AsSpan(0, 4));
    }

    int Varint(int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            head[at++] = (byte)(value | 0x80);
        head[at++] = (byte)value;
        return at;
    }
}
