// Values as D-Bus puts them into a message: dbus-specification, Marshaling. Little-endian.
using System.Buffers.Binary;
using System.Text;

namespace Skiff.Runtime.Systemd;

/// <summary>Every value begins at a multiple of its size, counted from the beginning; structs and messages at one of 8.</summary>
internal sealed class BusWriter
{
    readonly List<byte> bytes = [];

    public byte[] ToArray() => [.. bytes];

    public BusWriter Byte(byte value)
    {
        bytes.Add(value);
        return this;
    }

    public BusWriter UInt32(uint value)
    {
        Align(4);
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, value);
        bytes.AddRange(four);
        return this;
    }

    public BusWriter UInt64(ulong value)
    {
        Align(8);
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        bytes.AddRange(eight);
        return this;
    }

    public BusWriter Boolean(bool value) => UInt32(value ? 1u : 0u);

    /// <summary>A string or an object path.</summary>
    public BusWriter String(string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        UInt32((uint)text.Length);
        bytes.AddRange(text);
        return Byte(0);
    }

    /// <summary>Also what a variant begins with: the type of its value, which follows.</summary>
    public BusWriter Signature(string value)
    {
        bytes.Add((byte)value.Length);
        bytes.AddRange(Encoding.ASCII.GetBytes(value));
        return Byte(0);
    }

    /// <summary>The length of an array is that of its elements, without what brings the first to its place.</summary>
    /// <param name="alignment">of an element</param>
    public BusWriter Array(int alignment, Action<BusWriter> elements)
    {
        UInt32(0);
        int length = bytes.Count - 4;
        Align(alignment);
        int first = bytes.Count;
        elements(this);
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, (uint)(bytes.Count - first));
        for (int i = 0; i < 4; i++)
            bytes[length + i] = four[i];
        return this;
    }

    public BusWriter Align(int to)
    {
        while (bytes.Count % to != 0)
            bytes.Add(0);
        return this;
    }

    public BusWriter Append(ReadOnlySpan<byte> body)
    {
        bytes.AddRange(body);
        return this;
    }
}
