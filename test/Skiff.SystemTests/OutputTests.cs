// No output is lost: not of short runs, not of long ones, not with many clients, not with one that never reads.
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class OutputTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Fact]
    public void Five_hundred_short_runs_print_five_hundred_lines()
    {
        int lines = 0;
        Parallel.For(
            0,
            500,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            i =>
            {
                if (
                    engine.Skiff("run", "--rm", "--network", "none", "busybox", "echo", $"line {i}").Expect().Output
                    == $"line {i}\n"
                )
                    Interlocked.Increment(ref lines);
            }
        );
        Assert.Equal(500, lines);
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_long_input_arrives_whole_and_its_end_too(string client)
    {
        byte[] input = new byte[64 << 20];
        new Random(1).NextBytes(input);
        var result = engine.Client(client, ["run", "-i", "--rm", "busybox", "sha256sum"], input).Expect();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(input)) + "  -", result.Text);
    }

    [Fact]
    public void Every_one_of_eight_clients_sees_all()
    {
        string id = engine
            .Skiff("create", "-i", "busybox", "sh", "-c", "read go; i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo $i; done")
            .Expect()
            .Text;
        string all = string.Concat(Enumerable.Range(1, 5000).Select(i => $"{i}\n"));
        engine.Skiff("start", id).Expect();
        var clients = Enumerable.Range(0, 8).Select(_ => new ApiAttachment(engine.Socket, id)).ToList();
        clients[0].Send("go\n");
        foreach (var client in clients)
            using (client)
                Assert.Equal(all, client.ReadToEnd());
        Assert.Equal(all, engine.Skiff("logs", id).Expect().Output);
        engine.Skiff("rm", id).Expect();
    }

    [Fact]
    public void A_client_that_never_reads_holds_up_neither_the_container_nor_its_log()
    {
        string id = engine
            .Skiff(
                "create",
                "-i",
                "busybox",
                "sh",
                "-c",
                "read go; head -c 8000000 /dev/zero | tr '\\0' x | fold -w 100; echo end"
            )
            .Expect()
            .Text;
        engine.Skiff("start", id).Expect();
        using (var deaf = new ApiAttachment(engine.Socket, id))
        {
            deaf.Send("go\n");
            Assert.Equal("0", engine.Skiff("wait", id).Expect().Text);
            string log = engine.Skiff("logs", id).Expect().Output;
            Assert.EndsWith("xend\n", log, StringComparison.Ordinal);
            Assert.Equal(8_000_000, log.Count(c => c == 'x'));
        }
        engine.Skiff("rm", id).Expect();
    }

    /// <summary>POST attach, by hand: reads when told to, and not before.</summary>
    sealed class ApiAttachment : IDisposable
    {
        readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        public ApiAttachment(string api, string container)
        {
            socket.ReceiveBufferSize = 4096;
            socket.Connect(new UnixDomainSocketEndPoint(api));
            Send(
                $"POST /v1.51/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
                    + "Host: skiff\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            );
            var head = new StringBuilder();
            byte[] one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && socket.Receive(one) == 1)
                head.Append((char)one[0]);
            Assert.StartsWith("HTTP/1.1 101", head.ToString(), StringComparison.Ordinal);
        }

        public void Send(string text) => socket.Send(Encoding.UTF8.GetBytes(text));

        /// <summary>stdout, out of its frames.</summary>
        public string ReadToEnd()
        {
            using var stream = new NetworkStream(socket);
            var text = new StringBuilder();
            byte[] header = new byte[8];
            while (stream.ReadAtLeast(header, 8, throwOnEndOfStream: false) == 8)
            {
                byte[] payload = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
                stream.ReadExactly(payload);
                text.Append(Encoding.UTF8.GetString(payload));
            }
            return text.ToString();
        }

        public void Dispose() => socket.Dispose();
    }
}
