// Routes.
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>An IPv4 route. Prefix length 0 is a default route; OutputIndex 0 if it goes nowhere (blackhole).</summary>
public sealed record Route(IPAddress Destination, int PrefixLength, uint Table, int OutputIndex);

/// <summary>RTM_*ROUTE for IPv4, rtnetlink(7).</summary>
public static class Routes
{
    /// <summary>Table of addresses of this machine itself: RT_TABLE_LOCAL.</summary>
    public const uint LocalTable = 255;

    /// <summary>All IPv4 routes of all tables.</summary>
    public static List<Route> List(NetlinkSocket socket)
    {
        var request = new NetlinkBatch();
        request.Begin(Libc.RTM_GETROUTE, Libc.NLM_F_DUMP, new Libc.RouteInfo { Family = Libc.AF_INET }, "list routes");
        request.End();
        return socket.Ask(request, Parse);
    }

    /// <summary>The default route, by a gateway on the interface's own subnet. EEXIST if there is one; ENETUNREACH.</summary>
    public static void AddDefault(NetlinkBatch batch, IPAddress gateway, int linkIndex)
    {
        var info = new Libc.RouteInfo
        {
            Family = Libc.AF_INET,
            Table = Libc.RT_TABLE_MAIN,
            Protocol = Libc.RTPROT_BOOT,
            Scope = Libc.RT_SCOPE_UNIVERSE,
            Type = Libc.RTN_UNICAST,
        };
        ushort create = Libc.NLM_F_CREATE | Libc.NLM_F_EXCL;
        batch.Begin(Libc.RTM_NEWROUTE, create, info, $"add default route via {gateway}");
        batch.Attribute(Libc.RTA_GATEWAY, gateway);
        batch.Attribute(Libc.RTA_OIF, (uint)linkIndex);
        batch.End();
    }

    /// <summary>Removes the default route of the main table. ESRCH if there is none.</summary>
    public static void DeleteDefault(NetlinkBatch batch)
    {
        var info = new Libc.RouteInfo
        {
            Family = Libc.AF_INET,
            Table = Libc.RT_TABLE_MAIN,
            Scope = Libc.RT_SCOPE_NOWHERE,
        };
        batch.Begin(Libc.RTM_DELROUTE, 0, info, "delete default route");
        batch.End();
    }

    internal static Route? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < Unsafe.SizeOf<Libc.RouteInfo>())
            return null;
        var info = MemoryMarshal.Read<Libc.RouteInfo>(body);
        if (info.Family != Libc.AF_INET)
            return null;
        var destination = IPAddress.Any;
        uint table = info.Table;
        int output = 0;
        var attributes = new NetlinkAttributes(body[Unsafe.SizeOf<Libc.RouteInfo>()..]);
        while (attributes.Next())
        {
            if (attributes.Type == Libc.RTA_DST)
                destination = attributes.Address ?? destination;
            else if (attributes.Type == Libc.RTA_OIF)
                output = (int)attributes.Number;
            else if (attributes.Type == Libc.RTA_TABLE)
                table = attributes.Number;
        }
        return new Route(destination, info.DestinationLength, table, output);
    }
}
