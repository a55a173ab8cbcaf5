// Encodes netlink messages, several in one buffer.
using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>
/// Messages that <see cref="NetlinkSocket.Send"/> gives to the kernel in one call, each with words for its error.
/// The kernel handles all of them, in order, even after one failed.
/// </summary>
/// <remarks>
/// <code>
/// 0       4    6     8        12      16
/// +-------+----+-----+--------+-------+-------------+------------+--- ... netlink(7)
/// |length |type|flags|sequence|port id|family header| attribute  |
/// +-------+----+-----+--------+-------+-------------+------------+---
///                                     attribute: length 2, type 2, value, padded to 4
/// </code>
/// </remarks>
public sealed class NetlinkBatch
{
    readonly List<string> subjects = [];
    byte[] buffer = new byte[512];
    int used;
    int start;

    internal int Count => subjects.Count;

    internal Span<byte> Bytes => buffer.AsSpan(0, used);

    internal string Subject(int message) => subjects[message];

    /// <param name="subject">what the message does, for errors: "add link veth1"</param>
    internal void Begin<T>(ushort type, ushort flags, in T familyHeader, string subject)
        where T : unmanaged
    {
        start = used;
        subjects.Add(subject);
        Append(new Libc.NetlinkHeader { Type = type, Flags = (ushort)(flags | Libc.NLM_F_REQUEST) });
        Append(familyHeader);
    }

    internal void End() => BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(start), (uint)(used - start));

    internal void Append<T>(in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Reserve(Unsafe.SizeOf<T>()), in value);
        Align();
    }

    internal void Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        var place = Reserve(4 + value.Length);
        MemoryMarshal.Write(place, (ushort)(4 + value.Length));
        MemoryMarshal.Write(place[2..], type);
        value.CopyTo(place[4..]);
        Align();
    }

    internal void Attribute(ushort type, byte value) => Attribute(type, [value]);

    internal void Attribute(ushort type, uint value) => Attribute(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    /// <summary>A text with its final zero.</summary>
    internal void Attribute(ushort type, string value)
    {
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(value.Length) + 1];
        int length = Encoding.UTF8.GetBytes(value, text);
        text[length] = 0;
        Attribute(type, text[..(length + 1)]);
    }

    internal void Attribute(ushort type, IPAddress value)
    {
        Span<byte> address = stackalloc byte[16];
        value.TryWriteBytes(address, out int length);
        Attribute(type, address[..length]);
    }

    /// <summary>Begins an attribute that holds attributes; hand what it returns to <see cref="EndNest"/>.</summary>
    internal int Nest(ushort type)
    {
        int at = used;
        MemoryMarshal.Write(Reserve(4)[2..], (ushort)(type | Libc.NLA_F_NESTED));
        return at;
    }

    internal void EndNest(int nest) => MemoryMarshal.Write(buffer.AsSpan(nest), (ushort)(used - nest));

    void Align() => Reserve(-used & 3);

    Span<byte> Reserve(int length)
    {
        if (used + length > buffer.Length)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, used + length));
        var place = buffer.AsSpan(used, length);
        used += length;
        return place;
    }
}
