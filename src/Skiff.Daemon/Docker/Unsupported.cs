// Members of a create request that this release cannot honour: one table from member to the flag that sets it.
using Skiff.Docker;
using Skiff.Engine;

namespace Skiff.Daemon.Docker;

internal static class Unsupported
{
    /// <exception cref="EngineException">NotImplemented: a member is set to more than its default; the flag is named</exception>
    internal static void Check(ContainerCreateBody body, HostConfig host)
    {
        if (host.Isolation is not ("" or "default"))
            throw EngineException.Invalid($"invalid isolation ({host.Isolation}): linux only supports 'default'");
        foreach (var (isSet, flag) in Members(body, host))
            if (isSet)
                throw EngineException.NotImplemented($"{flag} is not supported yet by this release of Skiff");
    }

    /// <summary>Of an update: what it cannot change, though a new container may have it.</summary>
    /// <exception cref="EngineException">NotImplemented: the flag is named</exception>
    internal static void Check(ContainerUpdateBody body)
    {
        foreach (var (isSet, flag) in (IEnumerable<(bool, string)>)[(body.KernelMemory != 0, "--kernel-memory")])
            if (isSet)
                throw EngineException.NotImplemented($"update {flag} is not supported yet by this release of Skiff");
    }

    static IEnumerable<(bool IsSet, string Flag)> Members(ContainerCreateBody body, HostConfig host) =>
        [
            (host.Links is { Count: > 0 }, "--link"),
            (host.StorageOpt is { Count: > 0 }, "--storage-opt"),
            (host.Cgroup.Length > 0, "the Cgroup setting"),
            (host.DeviceRequests is { Count: > 0 }, "--gpus"),
            (host.KernelMemory != 0, "--kernel-memory"),
            (host.KernelMemoryTCP != 0, "the KernelMemoryTCP setting"),
            (host.CpuCount != 0, "--cpu-count"),
            (host.CpuPercent != 0, "--cpu-percent"),
            (host.IOMaximumIOps != 0, "--io-maxiops"),
            (host.IOMaximumBandwidth != 0, "--io-maxbandwidth"),
            (body.NetworkDisabled == true, "the NetworkDisabled setting"),
            (body.MacAddress is { Length: > 0 }, "--mac-address"),
            .. (body.NetworkingConfig?.EndpointsConfig ?? new Dictionary<string, EndpointSettings?>()).Values.SelectMany(
                Endpoint
            ),
        ];

    /// <summary>Of a network to be made.</summary>
    /// <exception cref="EngineException">NotImplemented: the flag is named</exception>
    internal static void Check(NetworkCreateBody body)
    {
        foreach (
            var (isSet, flag) in (IEnumerable<(bool, string)>)
                [
                    (body.Driver is "macvlan" or "ipvlan" or "overlay", $"the network driver {body.Driver}"),
                    (body.Scope is not ("" or "local"), "--scope"),
                    (body.EnableIPv4 == false, "--ipv4=false"),
                    (body.EnableIPv6 == true, "--ipv6"),
                    (body.Ingress, "--ingress"),
                    (body.ConfigOnly, "--config-only"),
                    (body.ConfigFrom is { Network.Length: > 0 }, "--config-from"),
                    (body.IPAM?.Driver is not (null or "" or "default"), "--ipam-driver"),
                    (body.IPAM?.Options is { Count: > 0 }, "--ipam-opt"),
                    (body.IPAM?.Config is { Count: > 1 }, "more than one --subnet"),
                ]
        )
            if (isSet)
                throw EngineException.NotImplemented($"{flag} is not supported yet by this release of Skiff");
    }

    /// <summary>Of a connection to a network.</summary>
    /// <exception cref="EngineException">NotImplemented: the flag is named</exception>
    internal static void Check(EndpointSettings? endpoint)
    {
        foreach (var (isSet, flag) in Endpoint(endpoint))
            if (isSet)
                throw EngineException.NotImplemented($"{flag} is not supported yet by this release of Skiff");
    }

    static IEnumerable<(bool, string)> Endpoint(EndpointSettings? endpoint) =>
        endpoint is null
            ? []
            :
            [
                (endpoint.Links is { Count: > 0 }, "--link"),
                (endpoint.DriverOpts is { Count: > 0 }, "--network driver-opt"),
                (endpoint.IPAMConfig?.IPv6Address is { Length: > 0 }, "--ip6"),
                (endpoint.IPAMConfig?.LinkLocalIPs is { Count: > 0 }, "--link-local-ip"),
            ];
}
