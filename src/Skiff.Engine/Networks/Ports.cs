// A port of a container at an address of the host: as asked, and as made.
using System.Globalization;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Networks;

/// <summary>A port to publish.</summary>
/// <param name="Protocol">"tcp" or "udp"</param>
/// <param name="HostIp">an IPv4 address of this host, "0.0.0.0" for all of them; "" for the network's default</param>
/// <param name="HostPortFirst">the first that is free from here; 0: any</param>
/// <param name="HostPortLast">to here, inclusive</param>
public sealed record PortRequest(ushort ContainerPort, string Protocol, string HostIp, ushort HostPortFirst, ushort HostPortLast);

/// <summary>A port that is published.</summary>
public sealed record PublishedPort(ushort ContainerPort, string Protocol, string HostIp, ushort HostPort)
{
    public const string AnyAddress = "0.0.0.0";

    /// <summary>Whether packets for the one could be meant for the other.</summary>
    internal bool Meets(PublishedPort other) =>
        Protocol == other.Protocol
        && HostPort == other.HostPort
        && (HostIp == other.HostIp || HostIp == AnyAddress || other.HostIp == AnyAddress);
}

/// <summary>A published port with the container's address: what stands in the rules, and in the journal.</summary>
internal sealed record PortElement(PublishedPort Port, string Target)
{
    internal bool IsAny => Port.HostIp == PublishedPort.AnyAddress;
    internal bool IsLoopback => Port.HostIp.StartsWith("127.", StringComparison.Ordinal);

    /// <summary>Of the map for one address, or of that for all of this host's.</summary>
    internal string InMap =>
        (IsAny ? $"{Port.Protocol} . {Port.HostPort}" : InSet)
        + string.Create(CultureInfo.InvariantCulture, $" : {Target} . {Port.ContainerPort}");

    internal string InSet => $"{Port.Protocol} . {Port.HostIp} . {Port.HostPort}";

    internal JournalEntry Entry(string owner) =>
        new(owner, ResourceKind.NftElement, $"{Port.Protocol}/{Port.HostIp}/{Port.HostPort}/{Target}/{Port.ContainerPort}");

    /// <summary>Null for an entry that is no port.</summary>
    internal static PortElement? Of(JournalEntry entry) =>
        entry.Resource.Split('/') is [var protocol, var hostIp, var hostPort, var target, var port]
        && ushort.TryParse(hostPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort published)
        && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort inside)
            ? new PortElement(new PublishedPort(inside, protocol, hostIp, published), target)
            : null;
}
