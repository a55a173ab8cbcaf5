// Which subnet a new network gets: the first of Docker's pools that nothing on this host uses.
namespace Skiff.Engine.Networks;

internal static class SubnetChoice
{
    /// <summary>Docker's local pools, in its order: 172.17 to 172.31 by /16, then 192.168 by /20.</summary>
    internal static IEnumerable<IPv4Subnet> Pools()
    {
        for (uint second = 17; second <= 31; second++)
            yield return new IPv4Subnet((172u << 24) | (second << 16), 16);
        for (uint third = 0; third < 256; third += 16)
            yield return new IPv4Subnet((192u << 24) | (168u << 16) | (third << 8), 20);
    }

    /// <summary>The first free pool that overlaps nothing in use.</summary>
    /// <exception cref="EngineException">Conflict: none is left</exception>
    internal static IPv4Subnet Choose(IReadOnlyCollection<IPv4Subnet> inUse)
    {
        foreach (var pool in Pools())
            if (!inUse.Any(pool.Overlaps))
                return pool;
        throw EngineException.Conflict(
            "no free subnet for a network: all of 172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/16 overlap "
                + "routes, addresses or name servers of this host; name one with --subnet (--bip for the default network)"
        );
    }
}
