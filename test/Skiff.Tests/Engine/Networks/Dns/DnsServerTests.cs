using System.Net;
using System.Net.Sockets;
using Skiff.Engine.Networks;
using Skiff.Engine.Networks.Dns;
using Xunit;

namespace Skiff.Tests.Engine.Networks.Dns;

/// <summary>Resolvers on loopback, with a name server of the test's behind them.</summary>
public sealed class DnsServerTests : IDisposable
{
    static readonly string Web = new('a', 64);
    static readonly string Client = new('b', 64);
    static readonly string Stranger = new('c', 64);
    static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    readonly DnsNames names = new();
    readonly Socket upstream = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    readonly List<IDisposable> open = [];

    public DnsServerTests()
    {
        upstream.Bind(Anywhere);
        upstream.ReceiveTimeout = 5000;
        foreach (string id in (string[])["one", "two"])
            names.AddNetwork(
                new Network
                {
                    Id = id,
                    Name = id == "one" ? "bridge" : "other",
                    Driver = "bridge",
                    Subnets = [new Subnet("172.17.0.0/16", "172.17.0.1")],
                }
            );
        names.Add(Web, "web", "webhost", [new DnsEndpoint("one", "bridge", 0xac110002, ["www", "shared"])]);
        names.Add(Client, "client", "mail.example.com", [new DnsEndpoint("one", "bridge", 0xac110003, ["shared"])]);
        names.Add(Stranger, "stranger", "web", [new DnsEndpoint("two", "other", 0xac110009, [])]);
    }

    public void Dispose()
    {
        upstream.Dispose();
        open.ForEach(o => o.Dispose());
    }

    [Theory]
    [InlineData("web")]
    [InlineData("WEB")]
    [InlineData("www")]
    [InlineData("webhost")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("web.bridge")]
    [InlineData("www.Bridge")]
    public void A_neighbour_is_found_by_any_of_its_names(string name) =>
        Assert.Equal([0xac110002], names.Find(Client, name.ToLowerInvariant()).Addresses);

    [Theory]
    [InlineData("stranger")]
    [InlineData("web.other")]
    [InlineData("mail.example.com")]
    [InlineData("web.example.com")]
    [InlineData("")]
    public void Names_of_other_networks_and_full_domain_names_are_not_ours(string name) =>
        Assert.False(names.Find(Client, name).IsOurs);

    [Fact]
    public void A_shared_alias_leads_to_each_in_turn()
    {
        var first = names.Find(Web, "shared").Addresses;
        var second = names.Find(Web, "shared").Addresses;
        Assert.Equal(2, first.Count);
        Assert.Equal(first, second.Reverse());
    }

    [Fact]
    public void A_renamed_container_keeps_its_aliases_and_a_removed_one_nothing()
    {
        names.Rename(Web, "new");
        Assert.False(names.Find(Client, "web").IsOurs);
        Assert.True(names.Find(Client, "new").IsOurs);
        Assert.True(names.Find(Client, "www").IsOurs);
        names.Remove(Web);
        Assert.False(names.Find(Client, "www").IsOurs);
        Assert.Equal((true, null), names.FindAddress(Client, 0xac110002));
    }

    [Fact]
    public void The_gateway_is_the_host() => Assert.Equal([0xac110001], names.Find(Client, "host.docker.internal").Addresses);

    [Fact]
    public async Task Names_are_answered_over_udp_and_tcp()
    {
        var sockets = Serve();
        byte[] answer = await AskUdpAsync(sockets, DnsMessageTests.Query("web"));
        Assert.Equal("ac110002", Convert.ToHexStringLower(answer[^4..]));
        byte[] none = await AskUdpAsync(sockets, DnsMessageTests.Query("web", type: 28));
        Assert.Equal(0x8580, (none[2] << 8) | none[3]);
        Assert.Equal(0, none[7]);
        byte[] pointer = await AskUdpAsync(sockets, DnsMessageTests.Query("2.0.17.172.in-addr.arpa", DnsCode.PTR));
        Assert.Equal("03776562" + "06627269646765" + "00", Convert.ToHexStringLower(pointer[^12..]));
        using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await tcp.ConnectAsync(sockets.Tcp.LocalEndPoint!, TestContext.Current.CancellationToken);
        for (int i = 0; i < 2; i++)
        {
            await DnsTcp.WriteAsync(tcp, DnsMessageTests.Query("web"), TestContext.Current.CancellationToken);
            var framed = await DnsTcp.TryReadAsync(tcp, 512, TestContext.Current.CancellationToken);
            Assert.Equal(answer, framed);
        }
    }

    [Fact]
    public async Task Other_names_are_asked_elsewhere_under_another_id()
    {
        var sockets = Serve();
        byte[] query = DnsMessageTests.Query("www.example.com");
        var asked = AskUdpAsync(sockets, query);
        byte[] buffer = new byte[512];
        EndPoint from = Anywhere;
        int length = upstream.ReceiveFrom(buffer, ref from);
        Assert.Equal(query[2..], buffer[2..length]);
        byte[] answer = buffer[..length];
        answer[2] = 0x81;
        answer[3] = 0x83;
        byte[] forged = [.. answer];
        forged[0] ^= 0xff; // somebody guessed the wrong id
        upstream.SendTo(forged, from);
        upstream.SendTo(answer, from);
        byte[] relayed = await asked;
        Assert.Equal(query[..2], relayed[..2]);
        Assert.Equal(answer[2..], relayed[2..]);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_a_failure_not_a_silence()
    {
        upstream.Dispose();
        byte[] answer = await AskUdpAsync(Serve(), DnsMessageTests.Query("www.example.com"));
        Assert.Equal(DnsCode.ServFail, DnsMessage.Code(answer));
    }

    [Fact]
    public async Task Nonsense_does_not_end_the_service()
    {
        var sockets = Serve();
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            foreach (int size in (int[])[0, 1, 11, 12, 5000, 60000])
                client.SendTo(new byte[size], sockets.Udp.LocalEndPoint!);
        Assert.Equal(0xac, (await AskUdpAsync(sockets, DnsMessageTests.Query("web")))[^4]);
    }

    [Theory]
    [InlineData("2.0.17.172.in-addr.arpa", 0xac110002)]
    [InlineData("2.0.17.in-addr.arpa", null)]
    [InlineData("2.0.17.256.in-addr.arpa", null)]
    [InlineData("in-addr.arpa", null)]
    public void Reverse_names_are_addresses(string name, object? address) =>
        Assert.Equal(address is null ? null : Convert.ToUInt32(address, null), DnsServer.ReverseAddress(name));

    DnsSockets Serve()
    {
        var sockets = DnsSockets.Open(Anywhere);
        int port = upstream.SafeHandle.IsClosed ? 1 : ((IPEndPoint)upstream.LocalEndPoint!).Port;
        open.Add(new DnsServer(Client, sockets, names, new DnsForwarder(port), () => [IPAddress.Loopback]).Start());
        return sockets;
    }

    static async Task<byte[]> AskUdpAsync(DnsSockets sockets, byte[] query)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(sockets.Udp.LocalEndPoint!);
        await client.SendAsync(query);
        byte[] buffer = new byte[4096];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        int length = await client.ReceiveAsync(buffer, limit.Token);
        return buffer[..length];
    }
}
