using System.Text;
using Skiff.Engine.Networks;
using Xunit;

namespace Skiff.Tests.Engine.Networks;

public sealed class FirewallTests
{
    [Fact]
    public void One_transaction_replaces_the_table_of_this_bridge_only()
    {
        using var rules = new Firewall("skiff0").Rules(IPv4Subnet.TryParse("172.17.0.0/16")!.Value.Subnet);
        string text = Encoding.UTF8.GetString(rules.Text);
        Assert.StartsWith(
            """{"nftables":[{"add":{"table":{"family":"inet","name":"skiff_skiff0"}}},{"delete":{"table":{"family":"inet","name":"skiff_skiff0"}}},{"add":{"table":{"family":"inet","name":"skiff_skiff0"}}}""",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            """{"add":{"rule":{"family":"inet","table":"skiff_skiff0","chain":"postrouting","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"172.17.0.0","len":16}}}},{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"skiff0"}},{"masquerade":null}]}}}""",
            text,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            """{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"skiff0"}},{"drop":null}]}}}]}""",
            text,
            StringComparison.Ordinal
        );
    }
}
