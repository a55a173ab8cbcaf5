// The engine's rules: one nftables table, named after its bridge, so that engines side by side never meet.
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks;

/// <summary>Address translation on the way out, and no way in but for answers.</summary>
internal sealed class Firewall(string bridge)
{
    internal const string Family = "inet";

    internal string Table { get; } = $"skiff_{bridge}";

    /// <summary>Replaces the table in one step: there is no moment without rules, and connections stay.</summary>
    /// <exception cref="NftException">refused by the kernel, or libnftables is missing</exception>
    internal void Assert(IPv4Subnet subnet)
    {
        using var transaction = Rules(subnet);
        transaction.Commit();
    }

    internal NftTransaction Rules(IPv4Subnet subnet)
    {
        var transaction = new NftTransaction(Family, Table);
        transaction.AddTable(); // so that the removal finds one
        transaction.DeleteTable();
        transaction.AddTable();
        transaction.AddChain("postrouting", NftHook.SourceNat);
        string source = IPv4Subnet.Address(subnet.Base).ToString();
        transaction.AddRule(
            "postrouting",
            NftRules.ComesFrom(source, subnet.PrefixLength),
            NftRules.GoesNotOutBy(bridge),
            NftRules.Masquerade
        );
        // Only packets that touch our bridge: all others pass this table unseen.
        transaction.AddChain("forward", NftHook.Forward);
        transaction.AddRule("forward", NftRules.ComesInBy(bridge), NftRules.Accept);
        transaction.AddRule("forward", NftRules.GoesOutBy(bridge), NftRules.IsEstablished, NftRules.Accept);
        transaction.AddRule("forward", NftRules.GoesOutBy(bridge), NftRules.Drop);
        return transaction;
    }

    /// <summary>Removes the table, if it is there.</summary>
    internal void Remove()
    {
        using var transaction = new NftTransaction(Family, Table);
        transaction.AddTable();
        transaction.DeleteTable();
        transaction.Commit();
    }

    /// <summary>Whether another Skiff engine has its rules here.</summary>
    internal bool HasNeighbours() =>
        NftTransaction.Tables(Family).Any(t => t != Table && t.StartsWith("skiff_", StringComparison.Ordinal));
}
