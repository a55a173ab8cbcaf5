// The addresses of one subnet: which are free, which come next.
namespace Skiff.Engine.Networks;

/// <summary>
/// Hands out addresses in turn, not the lowest free one: an address that was just given back rests as long as
/// possible, so that nobody's stale ARP entry or connection meets its next owner. Safe for use by many threads.
/// </summary>
internal sealed class AddressPool(IPv4Subnet subnet, uint gateway, IPv4Subnet? range = null)
{
    readonly Lock gate = new();
    readonly HashSet<uint> taken = [];
    readonly IPv4Subnet range = range ?? subnet;
    uint next = (range ?? subnet).Base;

    internal IPv4Subnet Subnet { get; } = subnet;
    internal uint Gateway { get; } = gateway;

    /// <summary>The next free address; null if all are taken.</summary>
    internal uint? TryTake()
    {
        lock (gate)
        {
            // At most one lap, and no longer than what is taken.
            for (uint tries = 0; tries <= (uint)taken.Count + 3 && tries <= range.Last - range.Base; tries++)
            {
                uint candidate = next;
                next = candidate >= range.Last ? range.Base : candidate + 1;
                if (IsAssignable(candidate) && taken.Add(candidate))
                    return candidate;
            }
            return null;
        }
    }

    /// <summary>Takes this very address; false if it is taken.</summary>
    internal bool TryTake(uint address)
    {
        lock (gate)
            return taken.Add(address);
    }

    internal void GiveBack(uint address)
    {
        lock (gate)
            taken.Remove(address);
    }

    /// <summary>Not the network's own, its broadcast or its gateway address.</summary>
    internal bool IsAssignable(uint address) =>
        Subnet.Contains(address) && address != Subnet.Base && address != Subnet.Last && address != Gateway;
}
