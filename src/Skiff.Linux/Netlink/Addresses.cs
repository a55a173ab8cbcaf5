// Addresses of interfaces.
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>An address on an interface.</summary>
public sealed record InterfaceAddress(int LinkIndex, IPAddress Address, int PrefixLength);

/// <summary>RTM_*ADDR for IPv4, rtnetlink(7).</summary>
public static class Addresses
{
    /// <summary>All IPv4 addresses of all interfaces.</summary>
    public static List<InterfaceAddress> List(NetlinkSocket socket)
    {
        var request = new NetlinkBatch();
        var family = new Libc.AddressInfo { Family = Libc.AF_INET };
        request.Begin(Libc.RTM_GETADDR, Libc.NLM_F_DUMP, family, "list addresses");
        request.End();
        return socket.Ask(request, Parse);
    }

    /// <summary>Gives an interface an address with its subnet's broadcast address. EEXIST if it has it.</summary>
    public static void Add(NetlinkBatch batch, InterfaceAddress address)
    {
        Put(batch, Libc.RTM_NEWADDR, Libc.NLM_F_CREATE | Libc.NLM_F_EXCL, address, "add");
    }

    /// <summary>Takes an address from an interface. EADDRNOTAVAIL if it does not have it.</summary>
    public static void Delete(NetlinkBatch batch, InterfaceAddress address) => Put(batch, Libc.RTM_DELADDR, 0, address, "delete");

    static void Put(NetlinkBatch batch, ushort type, ushort flags, InterfaceAddress address, string verb)
    {
        var info = new Libc.AddressInfo
        {
            Family = Libc.AF_INET,
            PrefixLength = (byte)address.PrefixLength,
            Index = address.LinkIndex,
        };
        batch.Begin(type, flags, info, $"{verb} address {address.Address}/{address.PrefixLength}");
        batch.Attribute(Libc.IFA_LOCAL, address.Address);
        batch.Attribute(Libc.IFA_ADDRESS, address.Address);
        if (address.PrefixLength < 31)
        {
            byte[] bytes = address.Address.GetAddressBytes();
            for (int bit = address.PrefixLength; bit < 32; bit++)
                bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
            batch.Attribute(Libc.IFA_BROADCAST, bytes);
        }
        batch.End();
    }

    internal static InterfaceAddress? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < Unsafe.SizeOf<Libc.AddressInfo>())
            return null;
        var info = MemoryMarshal.Read<Libc.AddressInfo>(body);
        if (info.Family != Libc.AF_INET)
            return null;
        IPAddress? local = null,
            remote = null;
        var attributes = new NetlinkAttributes(body[Unsafe.SizeOf<Libc.AddressInfo>()..]);
        while (attributes.Next())
        {
            if (attributes.Type == Libc.IFA_LOCAL)
                local = attributes.Address;
            else if (attributes.Type == Libc.IFA_ADDRESS)
                remote = attributes.Address;
        }
        // On point-to-point links IFA_ADDRESS is the other side.
        return (local ?? remote) is { } address ? new InterfaceAddress(info.Index, address, info.PrefixLength) : null;
    }
}
