// The bridge driver: a network's bridge interface, and veth pairs between it and sandboxes.
using System.Net;
using System.Security.Cryptography;
using Skiff.Engine.Networks.Dns;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks.Drivers;

/// <summary>Kernel side of a network of driver "bridge".</summary>
/// <param name="fixedGateway">gateway and prefix that the user named, "172.30.0.1/16"; null: none</param>
internal sealed class Bridge(BridgeSettings settings, string? fixedGateway, Journal journal, NetlinkSocket host)
{
    const int ChoiceAttempts = 31;
    readonly string name = settings.Name;
    string LocalRouting => $"/proc/sys/net/ipv4/conf/{name}/route_localnet";
    int index;

    /// <summary>
    /// Makes or finds the bridge and gives it its gateway address: the configured one, the one it has, the one it
    /// had before (<paramref name="stored"/>), or one in a free subnet.
    /// </summary>
    /// <param name="owner">under which the bridge is journaled if it is made here: the network's id</param>
    /// <param name="networks">subnets of the engine's other networks</param>
    /// <exception cref="EngineException">InvalidParameter: --bip; Conflict: the name or the subnet is in use</exception>
    internal (uint Gateway, IPv4Subnet Subnet) Ensure(string owner, Subnet? stored, IReadOnlyList<IPv4Subnet> networks)
    {
        Check(name);
        var wanted = fixedGateway is { } bip ? ParseGateway(bip) : ((uint Gateway, IPv4Subnet Subnet)?)null;
        var link = Links.Find(host, name);
        if (link is null)
            link = Make(owner);
        else if (link.Kind != Links.Bridge)
            throw EngineException.Conflict($"interface \"{name}\" exists and is no bridge: choose another name");
        index = link.Index;
        var batch = new NetlinkBatch();
        Links.SetUp(batch, name);
        host.Send(batch);
        // A container could play router to the host on this interface: CVE-2020-13401.
        if (File.Exists($"/proc/sys/net/ipv6/conf/{name}/disable_ipv6"))
            KernelFile.Write($"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "1");
        // So that what the host sends to a port published at its loopback address can leave by the bridge: ip-sysctl.
        KernelFile.Write(LocalRouting, "1");
        return Address(wanted, stored, networks);
    }

    (uint Gateway, IPv4Subnet Subnet) Address(
        (uint Gateway, IPv4Subnet Subnet)? wanted,
        Subnet? stored,
        IReadOnlyList<IPv4Subnet> networks
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            var all = Addresses.List(host);
            var mine = all.Where(a => a.LinkIndex == index).ToList();
            var others = all.Where(a => a.LinkIndex != index).Select(SubnetOf).ToList();
            var chosen = wanted ?? Present(mine) ?? Stored(stored, others) ?? Free(networks);
            if (wanted is { } asked && others.Any(asked.Subnet.Overlaps))
                throw EngineException.Conflict(
                    $"the subnet {asked.Subnet} overlaps the address of another interface of this host"
                );
            var batch = new NetlinkBatch();
            foreach (var old in mine.Where(a => !Is(a, chosen)))
                Addresses.Delete(batch, old);
            if (!mine.Any(a => Is(a, chosen)))
                Addresses.Add(batch, new InterfaceAddress(index, IPv4Subnet.Address(chosen.Gateway), chosen.Subnet.PrefixLength));
            host.Send(batch);
            // Another engine may have chosen the same at the same moment: who sees that it did gives way.
            bool collides = Addresses.List(host).Any(a => a.LinkIndex != index && SubnetOf(a).Overlaps(chosen.Subnet));
            if (!collides || mine.Any(a => Is(a, chosen)) || attempt == ChoiceAttempts)
                return chosen;
            var undo = new NetlinkBatch();
            Addresses.Delete(undo, new InterfaceAddress(index, IPv4Subnet.Address(chosen.Gateway), chosen.Subnet.PrefixLength));
            host.Send(undo);
        }
    }

    /// <summary>Connects a sandbox: veth pair, address. Called on any thread; takes about a millisecond.</summary>
    /// <param name="inside">opened in the sandbox</param>
    /// <param name="isGateway">the default route of the sandbox goes here</param>
    internal void Connect(Fd sandbox, NetlinkSocket inside, Endpoint endpoint, bool isGateway)
    {
        var mac = Convert.FromHexString(endpoint.MacAddress.Replace(":", "", StringComparison.Ordinal));
        var batch = new NetlinkBatch();
        Links.AddVeth(
            batch,
            new VethPair(
                endpoint.HostInterface,
                index,
                endpoint.Interface,
                mac,
                sandbox,
                settings.Mtu,
                IsIsolated: !settings.Connects
            )
        );
        host.Send(batch);
        var link =
            Links.Find(inside, endpoint.Interface)
            ?? throw new EngineException(ErrorKind.System, $"interface {endpoint.Interface} vanished from its sandbox");
        batch = new NetlinkBatch();
        var address = IPAddress.Parse(endpoint.IPv4Address);
        Addresses.Add(batch, new InterfaceAddress(link.Index, address, endpoint.IPv4PrefixLength));
        Links.SetUp(batch, endpoint.Interface);
        if (isGateway)
            Routes.AddDefault(batch, IPAddress.Parse(endpoint.Gateway), link.Index);
        inside.Send(batch);
    }

    /// <summary>Lets the default route of a sandbox go by an endpoint; null: there is none from now on.</summary>
    internal static void Reroute(NetlinkSocket inside, Endpoint? gateway)
    {
        var batch = new NetlinkBatch();
        Routes.DeleteDefault(batch);
        try
        {
            inside.Send(batch);
        }
        catch (ErrnoException e) when (e.Errno == Errno.ESRCH)
        {
            // There was none, or it has gone with its interface.
        }
        if (gateway is null || Links.Find(inside, gateway.Interface) is not { } link)
            return;
        batch = new NetlinkBatch();
        Routes.AddDefault(batch, IPAddress.Parse(gateway.Gateway), link.Index);
        inside.Send(batch);
    }

    /// <summary>Removes the bridge, if it was made by this engine.</summary>
    internal void Remove(string owner)
    {
        var entry = new JournalEntry(owner, ResourceKind.Link, name);
        if (!journal.Of(owner).Contains(entry))
        {
            if (File.Exists(LocalRouting))
                KernelFile.Write(LocalRouting, "0"); // a bridge of the user's goes on without our rules
            return;
        }
        Links.TryDelete(host, name);
        journal.Strike(entry);
    }

    /// <summary>"vethXXXXXXX", random.</summary>
    internal static string NewLinkName() => "veth" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))[..7];

    /// <summary>
    /// Made from the address, so that whoever gets the address next has the same: no neighbour keeps a stale one.
    /// 02 in front marks it as locally administered.
    /// </summary>
    internal static string MacOf(uint address) =>
        $"02:42:{address >> 24:x2}:{(address >> 16) & 255:x2}:{(address >> 8) & 255:x2}:{address & 255:x2}";

    Link Make(string owner)
    {
        journal.Take(new JournalEntry(owner, ResourceKind.Link, name));
        byte[] mac = RandomNumberGenerator.GetBytes(6);
        mac[0] = (byte)(mac[0] & 0xfc | 2); // unicast, locally administered
        var batch = new NetlinkBatch();
        Links.AddBridge(batch, name, mac, settings.Mtu);
        host.Send(batch);
        return Links.Find(host, name)
            ?? throw new EngineException(ErrorKind.System, $"bridge \"{name}\" vanished while it was made");
    }

    static (uint, IPv4Subnet)? Present(List<InterfaceAddress> mine) =>
        mine.Select(a => ((uint, IPv4Subnet)?)(IPv4Subnet.Number(a.Address), SubnetOf(a))).FirstOrDefault();

    static (uint, IPv4Subnet)? Stored(Subnet? stored, List<IPv4Subnet> others) =>
        stored is not null
        && IPv4Subnet.TryParse(stored.Cidr) is { } before
        && !others.Any(before.Subnet.Overlaps)
        && IPv4Subnet.TryNumber(stored.Gateway) is { } gateway
            ? (gateway, before.Subnet)
            : null;

    (uint, IPv4Subnet) Free(IReadOnlyList<IPv4Subnet> networks)
    {
        var subnet = SubnetChoice.Choose([.. InUse(), .. networks]);
        return (subnet.Base + 1, subnet);
    }

    /// <summary>Every subnet that means something on this host: addresses, routes, and the name servers it asks.</summary>
    List<IPv4Subnet> InUse()
    {
        var used = Addresses.List(host).Where(a => a.LinkIndex != index).Select(SubnetOf).ToList();
        used.AddRange(
            Routes
                .List(host)
                .Where(r => r.PrefixLength > 0 && r.Table != Routes.LocalTable && r.OutputIndex != index)
                .Select(r => IPv4Subnet.Of(IPv4Subnet.Number(r.Destination), r.PrefixLength))
        );
        used.AddRange(
            HostResolvConf
                .Read()
                .NameServers.Where(a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
                .Select(a => new IPv4Subnet(IPv4Subnet.Number(a), 32))
        );
        return used;
    }

    static IPv4Subnet SubnetOf(InterfaceAddress address) =>
        IPv4Subnet.Of(IPv4Subnet.Number(address.Address), address.PrefixLength);

    static bool Is(InterfaceAddress address, (uint Gateway, IPv4Subnet Subnet) wanted) =>
        IPv4Subnet.Number(address.Address) == wanted.Gateway && address.PrefixLength == wanted.Subnet.PrefixLength;

    internal static (uint Gateway, IPv4Subnet Subnet) ParseGateway(string bip) =>
        IPv4Subnet.TryParse(bip) is not { } parsed
            ? throw EngineException.Invalid(
                $"invalid --bip \"{bip}\": it is an IPv4 address with a prefix length, such as 172.30.0.1/16"
            )
        : parsed.Subnet.PrefixLength is < 8 or > 30
            ? throw EngineException.Invalid($"invalid --bip \"{bip}\": the prefix length is between 8 and 30")
        : parsed.Address == parsed.Subnet.Base || parsed.Address == parsed.Subnet.Last
            ? throw EngineException.Invalid(
                $"invalid --bip \"{bip}\": it is the network's own or broadcast address, name a host's"
            )
        : parsed;

    internal static void Check(string bridge)
    {
        bool valid =
            bridge.Length is > 0 and <= Links.MaxNameBytes
            && char.IsAsciiLetter(bridge[0])
            && bridge.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        if (!valid)
            throw EngineException.Invalid(
                $"invalid --bridge \"{bridge}\": at most {Links.MaxNameBytes} letters, digits, '-', '_' and '.', a letter first"
            );
    }
}
