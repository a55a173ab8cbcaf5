// Decodes netlink messages. The kernel is trusted to be honest, but no length is followed beyond its buffer.
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>Walks over the messages of one datagram.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    ReadOnlySpan<byte> rest = datagram;

    internal Libc.NetlinkHeader Header { get; private set; }

    /// <summary>What follows the header.</summary>
    internal ReadOnlySpan<byte> Body { get; private set; }

    internal bool Next()
    {
        int headerBytes = Unsafe.SizeOf<Libc.NetlinkHeader>();
        if (rest.Length < headerBytes)
            return false;
        Header = MemoryMarshal.Read<Libc.NetlinkHeader>(rest);
        if (Header.Length < headerBytes || Header.Length > rest.Length)
            return false;
        int length = (int)Header.Length;
        Body = rest[headerBytes..length];
        rest = rest[Math.Min(length + 3 & ~3, rest.Length)..];
        return true;
    }
}

/// <summary>Walks over attributes.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> rest = bytes;

    internal ushort Type { get; private set; }
    internal ReadOnlySpan<byte> Value { get; private set; }

    internal bool Next()
    {
        if (rest.Length < 4)
            return false;
        int length = MemoryMarshal.Read<ushort>(rest);
        if (length < 4 || length > rest.Length)
            return false;
        Type = (ushort)(MemoryMarshal.Read<ushort>(rest[2..]) & Libc.NLA_TYPE_MASK);
        Value = rest[4..length];
        rest = rest[Math.Min(length + 3 & ~3, rest.Length)..];
        return true;
    }

    internal readonly uint Number => Value.Length >= 4 ? MemoryMarshal.Read<uint>(Value) : 0;

    internal readonly string Text
    {
        get
        {
            int end = Value.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
        }
    }

    /// <summary>Null if it is not four or sixteen bytes.</summary>
    internal readonly IPAddress? Address => Value.Length is 4 or 16 ? new IPAddress(Value) : null;
}
