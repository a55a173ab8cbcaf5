using System.Buffers.Binary;
using System.Net;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Native;
using Skiff.Linux.Netlink;
using Skiff.Linux.Nftables;
using Xunit;

namespace Skiff.Tests.Linux.Netlink;

public sealed class NetlinkTests
{
    [Fact]
    public void A_bridge_is_one_message_with_name_and_kind()
    {
        var batch = new NetlinkBatch();
        Links.AddBridge(batch, "br", [2, 0, 0, 0, 0, 1], mtu: null);
        string expected =
            "44000000"
            + "1000"
            + "0106"
            + "00000000"
            + "00000000" // 68 bytes, RTM_NEWLINK, request+create+excl
            + "00000000"
            + "00000000"
            + "01000000"
            + "01000000" // ifinfomsg: up
            + "0700"
            + "0300"
            + "62720000" // IFLA_IFNAME "br"
            + "0a00"
            + "0100"
            + "020000000001"
            + "0000" // IFLA_ADDRESS
            + "1000"
            + "1280"
            + "0b00"
            + "0100"
            + "627269646765"
            + "0000"; // IFLA_LINKINFO { "bridge" }
        Assert.Equal(expected, Convert.ToHexStringLower(batch.Bytes));
    }

    [Fact]
    public void A_veth_pair_is_one_batch_whose_lengths_add_up()
    {
        using var place = new Fd(-1);
        var batch = new NetlinkBatch();
        Links.AddVeth(batch, new VethPair("veth1234567", 7, "eth0", [2, 66, 172, 17, 0, 2], place, 1400));
        Assert.Equal(3, batch.Count);
        var messages = new NetlinkMessages(batch.Bytes);
        int count = 0;
        while (messages.Next())
        {
            Assert.Equal("veth1234567", Links.Parse(messages.Body)!.Name);
            if (count++ == 0)
                Assert.Equal(new Link(0, "veth1234567", "veth", 7, false), Links.Parse(messages.Body));
        }
        Assert.Equal(3, count);
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 10)]
    public void A_redirect_is_one_transaction_that_asks_for_one_answer(bool replace, int count)
    {
        var batch = LoopbackRedirect.Encode("t", IPAddress.Parse("127.0.0.11"), 53, 40000, 40001, replace);
        Assert.Equal(count, batch.Count);
        var messages = new NetlinkMessages(batch.Bytes);
        var answered = new List<int>();
        for (int i = 0; messages.Next(); i++)
        {
            Assert.Equal(
                i == 0 ? Libc.NFNL_MSG_BATCH_BEGIN
                    : i == count - 1 ? Libc.NFNL_MSG_BATCH_END
                    : messages.Header.Type,
                messages.Header.Type
            );
            if ((messages.Header.Flags & Libc.NLM_F_ACK) != 0)
                answered.Add(i);
        }
        Assert.Equal([count - 2], answered);
        // cmp { 127.0.0.11 }, and the port it becomes
        string bytes = Convert.ToHexStringLower(batch.Bytes);
        Assert.Contains("0800" + "0100" + "7f00000b", bytes, StringComparison.Ordinal);
        Assert.Contains("0600" + "0100" + "9c40", bytes, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_gets_its_broadcast_address()
    {
        var batch = new NetlinkBatch();
        var address = new InterfaceAddress(5, IPAddress.Parse("172.17.3.4"), 20);
        Addresses.Add(batch, address);
        Assert.Contains("0800" + "0400" + "ac110fff", Convert.ToHexStringLower(batch.Bytes), StringComparison.Ordinal);
        var messages = new NetlinkMessages(batch.Bytes);
        Assert.True(messages.Next());
        Assert.Equal(address, Addresses.Parse(messages.Body));
    }

    [Fact]
    public void A_refusal_is_told_in_the_words_of_the_kernel()
    {
        byte[] body = [.. Error(-17), .. Attribute(Libc.NLMSGERR_ATTR_MSG, "Device is taken\0")];
        var header = new Libc.NetlinkHeader { Type = Libc.NLMSG_ERROR, Flags = Libc.NLM_F_CAPPED | Libc.NLM_F_ACK_TLVS };
        var failure = NetlinkSocket.Failure(header, body, "add link veth1")!;
        Assert.Equal(Errno.EEXIST, failure.Errno);
        Assert.Equal("netlink(add link veth1: Device is taken): EEXIST", failure.Message);
        Assert.Null(NetlinkSocket.Failure(header, Error(0), "add link veth1"));
    }

    [Fact]
    public void No_prefix_of_a_message_is_read_beyond_its_end()
    {
        using var place = new Fd(-1);
        var batch = new NetlinkBatch();
        Links.AddVeth(batch, new VethPair("veth1234567", 7, "eth0", [2, 66, 172, 17, 0, 2], place, null));
        Routes.AddDefault(batch, IPAddress.Parse("172.17.0.1"), 3);
        byte[] whole = batch.Bytes.ToArray();
        var random = new Random(1);
        for (int length = 0; length <= whole.Length; length++)
        {
            Read(whole.AsSpan(0, length));
            byte[] broken = whole.ToArray();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            Read(broken);
        }
        byte[] noise = "\x01\0\0\0\x04\0\0\0"u8.ToArray();
        NetlinkSocket.Failure(new Libc.NetlinkHeader { Flags = Libc.NLM_F_ACK_TLVS }, noise, "x");
    }

    [Fact]
    public void The_kernel_lists_loopback_its_address_and_says_what_does_not_exist()
    {
        using var socket = NetlinkSocket.Open();
        var loopback = Assert.Single(Links.List(socket), l => l.Name == "lo");
        Assert.Equal(loopback.Index, Links.Find(socket, "lo")!.Index);
        Assert.Null(Links.Find(socket, "no-such-link"));
        _ = Routes.List(socket);
        _ = Addresses.List(socket);
    }

    static void Read(ReadOnlySpan<byte> bytes)
    {
        var messages = new NetlinkMessages(bytes);
        while (messages.Next())
        {
            Links.Parse(messages.Body);
            Addresses.Parse(messages.Body);
            Routes.Parse(messages.Body);
            NetlinkSocket.Failure(messages.Header, messages.Body, "");
        }
    }

    /// <summary>struct nlmsgerr with the header of a request of 100 bytes.</summary>
    static byte[] Error(int error)
    {
        byte[] body = new byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(body, error);
        body[4] = 100;
        return body;
    }

    static byte[] Attribute(ushort type, string text)
    {
        byte[] bytes = new byte[4 + (text.Length + 3 & ~3)];
        bytes[0] = (byte)(4 + text.Length);
        bytes[2] = (byte)type;
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(4));
        return bytes;
    }
}
