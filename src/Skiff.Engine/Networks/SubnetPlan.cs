// The addresses of a network to be made: what the user named, checked, and what is chosen for the rest.
namespace Skiff.Engine.Networks;

internal static class SubnetPlan
{
    /// <summary>Checks a subnet that the user named. Without one, null: it is to be chosen.</summary>
    /// <exception cref="EngineException">InvalidParameter; NotImplemented: IPv6</exception>
    internal static Subnet? Of(SubnetRequest? request)
    {
        if (request?.Cidr is not { Length: > 0 } cidr)
            return request is { Range.Length: > 0 } or { Gateway.Length: > 0 } or { Auxiliary.Count: > 0 }
                ? throw EngineException.Invalid("invalid network config: gateway, range and aux addresses need a subnet")
                : null;
        if (cidr.Contains(':'))
            throw EngineException.NotImplemented(
                "IPv6 subnets (--subnet, --ipv6) are not supported yet by this release of Skiff"
            );
        var (given, subnet) =
            IPv4Subnet.TryParse(cidr)
            ?? throw EngineException.Invalid($"invalid network config: invalid subnet {cidr}: invalid CIDR address");
        if (given != subnet.Base)
            throw EngineException.Invalid($"invalid network config: invalid subnet {cidr}: it should be {subnet}");
        if (subnet.PrefixLength is < 8 or > 30)
            throw EngineException.Invalid(
                $"invalid network config: invalid subnet {cidr}: the prefix length is between 8 and 30"
            );
        uint gateway = request.Gateway is { Length: > 0 } named ? Inside(subnet, named, "gateway") : subnet.Base + 1;
        string? range = null;
        if (request.Range is { Length: > 0 } part)
        {
            var parsed =
                IPv4Subnet.TryParse(part)?.Subnet
                ?? throw EngineException.Invalid($"invalid network config: invalid ip-range {part}: invalid CIDR address");
            if (!subnet.Contains(parsed.Base) || parsed.PrefixLength < subnet.PrefixLength)
                throw EngineException.Invalid($"invalid network config: invalid ip-range {part}: parent subnet is {subnet}");
            range = parsed.ToString();
            if (request.Gateway is not { Length: > 0 })
                gateway = parsed.Base == subnet.Base ? subnet.Base + 1 : parsed.Base;
        }
        foreach (string address in request.Auxiliary.Values)
            Inside(subnet, address, "auxiliary address");
        return new Subnet(subnet.ToString(), IPv4Subnet.Address(gateway).ToString())
        {
            Range = range,
            Auxiliary = request.Auxiliary,
            IsChosenByUser = true,
        };
    }

    /// <summary>The pool of a network, without what is taken for the gateway and others.</summary>
    internal static AddressPool Pool(Subnet subnet)
    {
        var (_, cidr) = IPv4Subnet.TryParse(subnet.Cidr)!.Value;
        var pool = new AddressPool(
            cidr,
            IPv4Subnet.TryNumber(subnet.Gateway)!.Value,
            subnet.Range is { } range ? IPv4Subnet.TryParse(range)!.Value.Subnet : null
        );
        foreach (string address in subnet.Auxiliary.Values)
            pool.TryTake(IPv4Subnet.TryNumber(address)!.Value);
        return pool;
    }

    static uint Inside(IPv4Subnet subnet, string text, string what)
    {
        uint address =
            IPv4Subnet.TryNumber(text) ?? throw EngineException.Invalid($"invalid network config: invalid {what}: {text}");
        return subnet.Contains(address) && address != subnet.Base && address != subnet.Last
            ? address
            : throw EngineException.Invalid($"invalid network config: invalid {what} {text}: parent subnet is {subnet}");
    }
}
