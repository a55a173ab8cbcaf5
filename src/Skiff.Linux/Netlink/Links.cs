// Network interfaces: bridges, veth pairs, loopback.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>An interface as the kernel tells it. Kind is "bridge", "veth", ...; null for hardware and loopback.</summary>
/// <param name="Master">Index of the bridge it is a port of; 0 if none.</param>
public sealed record Link(int Index, string Name, string? Kind, int Master, bool IsUp);

/// <summary>A veth pair to make: one end here, enslaved and up, the other in a namespace, down.</summary>
/// <param name="MasterIndex">Index of the bridge.</param>
/// <param name="PeerMac">Six bytes.</param>
/// <param name="Mtu">Bytes, of both ends; null leaves the kernel's default.</param>
/// <param name="IsIsolated">The near end speaks with the bridge, and with no other isolated port of it.</param>
public sealed record VethPair(
    string HostName,
    int MasterIndex,
    string PeerName,
    byte[] PeerMac,
    Fd PeerNamespace,
    int? Mtu,
    bool IsIsolated = false
);

/// <summary>RTM_*LINK, rtnetlink(7). What changes something is put into a batch.</summary>
public static class Links
{
    /// <summary>Bytes that an interface name may have at most.</summary>
    public const int MaxNameBytes = Libc.InterfaceNameBytes;

    public const string Bridge = "bridge";

    /// <summary>Null if there is no interface of that name.</summary>
    public static Link? Find(NetlinkSocket socket, string name)
    {
        var request = new NetlinkBatch();
        request.Begin(Libc.RTM_GETLINK, 0, new Libc.InterfaceInfo(), $"find link {name}");
        request.Attribute(Libc.IFLA_IFNAME, name);
        request.End();
        try
        {
            return socket.Ask(request, Parse).FirstOrDefault();
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
    }

    public static List<Link> List(NetlinkSocket socket)
    {
        var request = new NetlinkBatch();
        request.Begin(Libc.RTM_GETLINK, Libc.NLM_F_DUMP, new Libc.InterfaceInfo(), "list links");
        request.End();
        return socket.Ask(request, Parse);
    }

    /// <summary>A bridge, up, without spanning tree. EEXIST if the name is taken.</summary>
    /// <param name="mac">fixed, so that it does not change with the ports</param>
    public static void AddBridge(NetlinkBatch batch, string name, ReadOnlySpan<byte> mac, int? mtu)
    {
        var up = new Libc.InterfaceInfo { Flags = Libc.IFF_UP, Change = Libc.IFF_UP };
        batch.Begin(Libc.RTM_NEWLINK, Libc.NLM_F_CREATE | Libc.NLM_F_EXCL, up, $"add bridge {name}");
        batch.Attribute(Libc.IFLA_IFNAME, name);
        batch.Attribute(Libc.IFLA_ADDRESS, mac);
        if (mtu is { } bytes)
            batch.Attribute(Libc.IFLA_MTU, (uint)bytes);
        int info = batch.Nest(Libc.IFLA_LINKINFO);
        batch.Attribute(Libc.IFLA_INFO_KIND, Bridge);
        batch.EndNest(info);
        batch.End();
    }

    /// <summary>
    /// Makes the pair in three messages: the far end goes straight into its namespace with its name and MAC, the near
    /// end becomes a port of the bridge, gets no IPv6 address of its own, and is brought up. EEXIST if the name is taken.
    /// </summary>
    public static void AddVeth(NetlinkBatch batch, VethPair pair)
    {
        ushort create = Libc.NLM_F_CREATE | Libc.NLM_F_EXCL;
        batch.Begin(Libc.RTM_NEWLINK, create, new Libc.InterfaceInfo(), $"add link {pair.HostName}");
        batch.Attribute(Libc.IFLA_IFNAME, pair.HostName);
        batch.Attribute(Libc.IFLA_MASTER, (uint)pair.MasterIndex);
        if (pair.Mtu is { } hostMtu)
            batch.Attribute(Libc.IFLA_MTU, (uint)hostMtu);
        int info = batch.Nest(Libc.IFLA_LINKINFO);
        batch.Attribute(Libc.IFLA_INFO_KIND, "veth");
        int data = batch.Nest(Libc.IFLA_INFO_DATA);
        int peer = batch.Nest(Libc.VETH_INFO_PEER);
        batch.Append(new Libc.InterfaceInfo());
        batch.Attribute(Libc.IFLA_IFNAME, pair.PeerName);
        batch.Attribute(Libc.IFLA_ADDRESS, pair.PeerMac);
        batch.Attribute(Libc.IFLA_NET_NS_FD, (uint)pair.PeerNamespace.Number);
        if (pair.Mtu is { } peerMtu)
            batch.Attribute(Libc.IFLA_MTU, (uint)peerMtu);
        batch.EndNest(peer);
        batch.EndNest(data);
        batch.EndNest(info);
        batch.End();

        // Before it is up: afterwards the kernel would already have begun to announce a link-local address.
        batch.Begin(Libc.RTM_NEWLINK, 0, new Libc.InterfaceInfo(), $"configure link {pair.HostName}");
        batch.Attribute(Libc.IFLA_IFNAME, pair.HostName);
        NoIPv6Address(batch);
        SetPort(batch, pair.IsIsolated);
        batch.End();
        SetUp(batch, pair.HostName);
    }

    /// <summary>Brings an interface up. ENODEV if there is none of that name.</summary>
    public static void SetUp(NetlinkBatch batch, string name)
    {
        var up = new Libc.InterfaceInfo { Flags = Libc.IFF_UP, Change = Libc.IFF_UP };
        batch.Begin(Libc.RTM_NEWLINK, 0, up, $"set link {name} up");
        batch.Attribute(Libc.IFLA_IFNAME, name);
        batch.End();
    }

    /// <summary>Removes an interface (both ends of a veth pair). It takes 20 to 35 ms. False if it was gone already.</summary>
    public static bool TryDelete(NetlinkSocket socket, string name)
    {
        var batch = new NetlinkBatch();
        batch.Begin(Libc.RTM_DELLINK, 0, new Libc.InterfaceInfo(), $"delete link {name}");
        batch.Attribute(Libc.IFLA_IFNAME, name);
        batch.End();
        try
        {
            socket.Send(batch);
            return true;
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENODEV)
        {
            return false;
        }
    }

    /// <summary>IFLA_AF_SPEC: no automatic link-local address, so no duplicate detection and no multicast reports.</summary>
    static void NoIPv6Address(NetlinkBatch batch)
    {
        int families = batch.Nest(Libc.IFLA_AF_SPEC);
        int inet6 = batch.Nest(Libc.AF_INET6);
        batch.Attribute(Libc.IFLA_INET6_ADDR_GEN_MODE, Libc.IN6_ADDR_GEN_MODE_NONE);
        batch.EndNest(inet6);
        batch.EndNest(families);
    }

    /// <summary>
    /// IFLA_LINKINFO of a port of a bridge. In hairpin mode a packet may go back where it came from: with br_netfilter
    /// one that a container sends to itself, by way of a published port, does.
    /// </summary>
    static void SetPort(NetlinkBatch batch, bool isIsolated)
    {
        int info = batch.Nest(Libc.IFLA_LINKINFO);
        batch.Attribute(Libc.IFLA_INFO_SLAVE_KIND, Bridge);
        int data = batch.Nest(Libc.IFLA_INFO_SLAVE_DATA);
        batch.Attribute(Libc.IFLA_BRPORT_MODE, (byte)1);
        if (isIsolated)
            batch.Attribute(Libc.IFLA_BRPORT_ISOLATED, (byte)1);
        batch.EndNest(data);
        batch.EndNest(info);
    }

    internal static Link? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < Unsafe.SizeOf<Libc.InterfaceInfo>())
            return null;
        var info = MemoryMarshal.Read<Libc.InterfaceInfo>(body);
        string name = "";
        string? kind = null;
        int master = 0;
        var attributes = new NetlinkAttributes(body[Unsafe.SizeOf<Libc.InterfaceInfo>()..]);
        while (attributes.Next())
        {
            if (attributes.Type == Libc.IFLA_IFNAME)
                name = attributes.Text;
            else if (attributes.Type == Libc.IFLA_MASTER)
                master = (int)attributes.Number;
            else if (attributes.Type == Libc.IFLA_LINKINFO)
            {
                var details = new NetlinkAttributes(attributes.Value);
                while (details.Next())
                    if (details.Type == Libc.IFLA_INFO_KIND)
                        kind = details.Text;
            }
        }
        return new Link(info.Index, name, kind, master, (info.Flags & Libc.IFF_UP) != 0);
    }
}
