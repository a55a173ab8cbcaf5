// Arithmetic on IPv4 subnets.
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Skiff.Engine.Networks;

/// <summary>An IPv4 subnet; addresses are numbers in host order.</summary>
/// <param name="Base">The lowest address, all host bits zero.</param>
internal readonly record struct IPv4Subnet(uint Base, int PrefixLength)
{
    internal uint Last => Base | ~Mask(PrefixLength);

    internal static uint Mask(int prefixLength) => prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);

    internal static IPv4Subnet Of(uint address, int prefixLength) => new(address & Mask(prefixLength), prefixLength);

    internal bool Contains(uint address) => (address & Mask(PrefixLength)) == Base;

    internal bool Overlaps(IPv4Subnet other) => Contains(other.Base) || other.Contains(Base);

    /// <summary>"172.17.0.1/16" to its address and subnet; null if it is not that.</summary>
    internal static (uint Address, IPv4Subnet Subnet)? TryParse(string cidr)
    {
        int slash = cidr.IndexOf('/');
        if (
            slash < 0
            || TryNumber(cidr[..slash]) is not { } address
            || !int.TryParse(cidr.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > 32
        )
            return null;
        return (address, Of(address, length));
    }

    /// <summary>Dotted quad to number; null for anything else (no octal, no short forms).</summary>
    internal static uint? TryNumber(string text) =>
        text.Count(c => c == '.') == 3
        && IPAddress.TryParse(text, out var address)
        && address.AddressFamily == AddressFamily.InterNetwork
        && address.ToString() == text
            ? Number(address)
            : null;

    internal static uint Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _)
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : throw new ArgumentException("not an IPv4 address", nameof(address));
    }

    internal static IPAddress Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    public override string ToString() => $"{Address(Base)}/{PrefixLength}";
}
