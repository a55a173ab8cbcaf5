// HTTP/1.1 as a client, against scripted servers.
using System.Net.Sockets;
using System.Text;
using Skiff.Cli.Http;
using Xunit;

namespace Skiff.Tests.Cli.Http;

public sealed class HttpConnectionTests
{
    /// <summary>A connection whose server sends this, a byte at a time if wanted, and then ends its side.</summary>
    static HttpConnection Answering(string text, out Task<string> request, bool bytewise = false)
    {
        string path = Path.Combine(Path.GetTempPath(), $"skiff-http-{Guid.NewGuid():n}.sock");
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var connection = new HttpConnection(Connection.Open(EngineAddress.Parse("unix://" + path)), "localhost");
        var server = listener.Accept();
        listener.Dispose();
        File.Delete(path);
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytewise)
            for (int i = 0; i < bytes.Length; i++)
                server.Send(bytes, i, 1, SocketFlags.None);
        else
            server.Send(bytes);
        server.Shutdown(SocketShutdown.Send);
        request = Task.Run(() =>
        {
            using (server)
            {
                var received = new StringBuilder();
                var buffer = new byte[4096];
                int count;
                while ((count = server.Receive(buffer)) > 0)
                    received.Append(Encoding.Latin1.GetString(buffer, 0, count));
                return received.ToString();
            }
        });
        return connection;
    }

    static string Text(HttpAnswer answer) => Encoding.UTF8.GetString(answer.Body.ReadAll(1 << 20).Span);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello", false)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false)]
    public void Reads_bodies_of_every_kind(string text, bool reusable)
    {
        foreach (bool bytewise in new[] { false, true })
        {
            using var connection = Answering(text, out _, bytewise);
            var answer = connection.Send("GET", "/x", "", default);
            Assert.Equal(200, answer.Status);
            Assert.Equal("hello", Text(answer));
            Assert.Equal(reusable, connection.Reusable);
        }
    }

    [Fact]
    public async Task Writes_a_request_with_its_body()
    {
        var connection = Answering("HTTP/1.1 204 No Content\r\n\r\n", out var request);
        connection.Send("POST", "/v1.51/x?a=b", "Content-Type: application/json\r\n", "{}"u8.ToArray());
        connection.Dispose();
        string text = await request;
        Assert.StartsWith("POST /v1.51/x?a=b HTTP/1.1\r\nHost: localhost\r\n", text);
        Assert.EndsWith("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", text);
    }

    [Fact]
    public async Task Uploads_in_chunks()
    {
        var connection = Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", out var request);
        connection.Send("POST", "/x", "", default, new MemoryStream("abc"u8.ToArray()));
        connection.Dispose();
        string text = await request;
        Assert.EndsWith("Transfer-Encoding: chunked\r\n\r\n00000003\r\nabc\r\n0\r\n\r\n", text);
    }

    [Fact]
    public void Hands_on_what_came_with_the_head_of_an_upgrade()
    {
        using var connection = Answering("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nbytes", out _);
        var answer = connection.Send("POST", "/x", "", default);
        Assert.Equal(101, answer.Status);
        var buffer = new byte[16];
        Assert.Equal("bytes", Encoding.ASCII.GetString(buffer, 0, connection.Read(buffer)));
        Assert.Equal(0, connection.Read(buffer));
        Assert.False(connection.Reusable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    public void Refuses_what_is_not_HTTP_or_ends_early(string text)
    {
        using var connection = Answering(text, out _);
        Assert.ThrowsAny<IOException>(() => connection.Send("GET", "/x", "", default).Body.ReadAll(1 << 20));
    }

    [Fact]
    public void Refuses_a_body_beyond_the_limit()
    {
        using var connection = Answering("HTTP/1.1 200 OK\r\n\r\n" + new string('x', 10_000), out _);
        Assert.ThrowsAny<IOException>(() => connection.Send("GET", "/x", "", default).Body.ReadAll(9_000));
    }

    [Theory]
    [InlineData("unix:///run/x.sock", "/run/x.sock", null, 0)]
    [InlineData("tcp://127.0.0.1:2375", null, "127.0.0.1", 2375)]
    [InlineData("tcp://[::1]:99/", null, "::1", 99)]
    [InlineData("tcp://host", null, "host", 2375)]
    public void Reads_addresses(string text, string? path, string? host, int port)
    {
        var address = EngineAddress.Parse(text);
        Assert.Equal((path, host, port), (address.UnixPath, address.Host, address.Port));
    }

    [Theory]
    [InlineData("ssh://x")]
    [InlineData("tcp://:1")]
    [InlineData("tcp://h:0")]
    [InlineData("x")]
    public void Refuses_other_addresses(string text) => Assert.Throws<Skiff.Cli.CliException>(() => EngineAddress.Parse(text));
}
