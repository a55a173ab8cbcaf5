// The ports that a container wants at addresses of the host, from its settings.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Skiff.Engine.Bundles;
using Skiff.Engine.Networks;

namespace Skiff.Engine.Containers;

internal static class PortWishes
{
    /// <summary>Warnings for the user.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such port; NotImplemented: sctp, IPv6</exception>
    internal static IReadOnlyList<string> Check(Container container)
    {
        bool publishes = Of(container).Count > 0;
        if (publishes && ContainerMode.Target(container.Host.NetworkMode) is not null)
            throw EngineException.Invalid("conflicting options: port publishing and the container type network mode");
        return publishes && container.Host.NetworkMode == "host"
            ? ["Published ports are discarded when using host network mode"]
            : [];
    }

    /// <summary>Bound ports, and with --publish-all the exposed ones that are not bound.</summary>
    internal static IReadOnlyList<PortRequest> Of(Container container)
    {
        var host = container.Host;
        var wishes = host.PortBindings.Select(Request).ToList();
        if (host.PublishAllPorts)
            wishes.AddRange(
                container
                    .Config.ExposedPorts.Select(p => Request(new PortBindingRequest(p, "", "")))
                    .Where(e => !wishes.Any(w => w.ContainerPort == e.ContainerPort && w.Protocol == e.Protocol))
                    .ToList()
            );
        return wishes;
    }

    static PortRequest Request(PortBindingRequest binding)
    {
        string[] parts = binding.Port.Split('/');
        string protocol = parts.Length == 2 ? parts[1].ToLowerInvariant() : "tcp";
        if (parts.Length > 2 || Number(parts[0]) is not ({ } port and > 0) || protocol is not ("tcp" or "udp" or "sctp"))
            throw EngineException.Invalid($"invalid port specification: \"{binding.Port}\"");
        if (protocol == "sctp")
            throw EngineException.NotImplemented("publishing ports of sctp (-p) is not supported yet by this release of Skiff");
        return new PortRequest(port, protocol, Address(binding.HostIp), First(binding), Last(binding));
    }

    static string Address(string text)
    {
        if (text.Length == 0)
            return "";
        if (!IPAddress.TryParse(text, out var address))
            throw EngineException.Invalid($"invalid IP address: {text}");
        return address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString()
            : throw EngineException.NotImplemented(
                "publishing ports at an IPv6 address (-p) is not supported yet by this release of Skiff"
            );
    }

    static ushort First(PortBindingRequest binding) => Bound(binding, binding.HostPort.Split('-')[0]);

    static ushort Last(PortBindingRequest binding)
    {
        string[] parts = binding.HostPort.Split('-');
        ushort last = Bound(binding, parts[^1]);
        return parts.Length <= 2 && last >= First(binding) ? last : throw InvalidHostPort(binding);
    }

    static ushort Bound(PortBindingRequest binding, string text) =>
        binding.HostPort.Length == 0 ? (ushort)0 : Number(text) ?? throw InvalidHostPort(binding);

    static EngineException InvalidHostPort(PortBindingRequest binding) =>
        EngineException.Invalid($"invalid port specification: \"{binding.HostPort}\"");

    static ushort? Number(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) ? number : null;
}
