using Skiff.Engine;
using Skiff.Engine.Networks;
using Skiff.Engine.Networks.Drivers;
using Xunit;

namespace Skiff.Tests.Engine.Networks;

public sealed class AddressTests
{
    static IPv4Subnet Subnet(string cidr) => IPv4Subnet.TryParse(cidr)!.Value.Subnet;

    static uint Address(string text) => IPv4Subnet.TryNumber(text)!.Value;

    [Fact]
    public void Addresses_are_handed_out_in_turn_and_come_back_last()
    {
        var pool = new AddressPool(Subnet("10.0.0.0/29"), Address("10.0.0.1"));
        string Next() => pool.TryTake() is { } a ? IPv4Subnet.Address(a).ToString() : "none";
        Assert.Equal("10.0.0.2", Next());
        Assert.Equal("10.0.0.3", Next());
        pool.GiveBack(Address("10.0.0.2"));
        Assert.Equal("10.0.0.4", Next());
        Assert.Equal("10.0.0.5", Next());
        Assert.Equal("10.0.0.6", Next());
        Assert.Equal("10.0.0.2", Next());
        Assert.Equal("none", Next());
        pool.GiveBack(Address("10.0.0.6"));
        Assert.Equal("10.0.0.6", Next());
    }

    [Fact]
    public void A_fixed_address_is_taken_once_and_never_handed_out()
    {
        var pool = new AddressPool(Subnet("10.0.0.0/30"), Address("10.0.0.1"));
        Assert.True(pool.TryTake(Address("10.0.0.2")));
        Assert.False(pool.TryTake(Address("10.0.0.2")));
        Assert.Null(pool.TryTake());
    }

    [Fact]
    public void The_first_pool_that_nothing_overlaps_is_chosen()
    {
        Assert.Equal("172.17.0.0/16", SubnetChoice.Choose([]).ToString());
        Assert.Equal("172.18.0.0/16", SubnetChoice.Choose([Subnet("172.17.3.0/24")]).ToString());
        Assert.Equal("172.20.0.0/16", SubnetChoice.Choose([Subnet("172.16.0.0/14")]).ToString());
        Assert.Equal("192.168.0.0/20", SubnetChoice.Choose([Subnet("172.16.0.0/12")]).ToString());
        Assert.Equal(
            "192.168.32.0/20",
            SubnetChoice.Choose([Subnet("172.16.0.0/12"), Subnet("192.168.1.0/24"), Subnet("192.168.31.9/32")]).ToString()
        );
    }

    [Fact]
    public void Without_a_free_pool_the_user_is_asked_for_one()
    {
        var error = Assert.Throws<EngineException>(() => SubnetChoice.Choose([Subnet("0.0.0.0/1"), Subnet("128.0.0.0/1")]));
        Assert.Contains("--bip", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/31")]
    [InlineData("10.0.0.1/-1")]
    [InlineData("10.0.1/24")]
    [InlineData("010.0.0.1/24")]
    [InlineData("10.0.0.0/24")]
    [InlineData("10.0.0.255/24")]
    [InlineData("fd00::1/64")]
    public void Rejects_a_gateway_that_is_none(string bip) =>
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<EngineException>(() => Bridge.ParseGateway(bip)).Kind);

    [Fact]
    public void A_gateway_names_its_subnet()
    {
        var (gateway, subnet) = Bridge.ParseGateway("172.30.4.1/16");
        Assert.Equal("172.30.4.1", IPv4Subnet.Address(gateway).ToString());
        Assert.Equal("172.30.0.0/16", subnet.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a b")]
    [InlineData("1234567890123456")]
    [InlineData("0br")]
    public void Rejects_a_bridge_name_that_no_interface_or_table_can_have(string name) =>
        Assert.Throws<EngineException>(() => Bridge.Check(name));

    [Fact]
    public void A_mac_follows_from_the_address() => Assert.Equal("02:42:ac:11:00:02", Bridge.MacOf(Address("172.17.0.2")));

    [Fact]
    public void A_mac_may_be_written_with_hyphens() =>
        Assert.Equal("02:42:ac:11:00:0f", NetworkService.ParseMac("02-42-AC-11-00-0F"));

    [Theory]
    [InlineData("02:42:ac:11:00")]
    [InlineData("01:42:ac:11:00:02")]
    [InlineData("00:00:00:00:00:00")]
    [InlineData("02:42:ac:11:00:zz")]
    public void Rejects_a_mac_that_no_interface_can_have(string mac) =>
        Assert.Throws<EngineException>(() => NetworkService.ParseMac(mac));
}
