// Asks other name servers on behalf of containers, from the host's own network.
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Skiff.Engine.Networks.Dns;

/// <summary>
/// One socket and one random id a question, so that an answer cannot be guessed. The whole engine asks a bounded
/// number of questions at a time.
/// </summary>
internal sealed class DnsForwarder
{
    const int MaxAtOnce = 512;
    const int Port = 53;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim free = new(MaxAtOnce);
    readonly int port;

    internal DnsForwarder(int port = Port) => this.port = port;

    /// <summary>
    /// The first useful answer of the servers, asked in order, each once (a single one twice); else the last
    /// refusal; null if none answers.
    /// </summary>
    /// <param name="query">as the client sent it; the answer carries its id</param>
    internal async Task<byte[]?> AskAsync(
        ReadOnlyMemory<byte> query,
        int questionEnd,
        bool overTcp,
        IReadOnlyList<IPAddress> servers,
        CancellationToken cancellation
    )
    {
        if (!await free.WaitAsync(TimeSpan.Zero, cancellation))
            return null;
        try
        {
            ushort id = DnsMessage.Id(query.Span);
            byte[] question = query.ToArray();
            byte[]? refusal = null;
            foreach (var server in servers.Count == 1 ? [servers[0], servers[0]] : servers)
            {
                DnsMessage.SetId(question, (ushort)RandomNumberGenerator.GetInt32(1 << 16));
                var answer = await AskAsync(question, questionEnd, overTcp, server, cancellation);
                if (answer is null)
                    continue;
                bool refused = DnsMessage.Code(answer) is DnsCode.ServFail or DnsCode.Refused or DnsCode.NotImp;
                DnsMessage.SetId(answer, id);
                if (!refused)
                    return answer;
                refusal = answer;
            }
            return refusal;
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>Over UDP, and again over TCP if the answer did not fit; null if there is none.</summary>
    async Task<byte[]?> AskAsync(byte[] query, int questionEnd, bool overTcp, IPAddress server, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            if (overTcp)
                return await AskTcpAsync(query, questionEnd, server, limit.Token);
            var answer = await AskUdpAsync(query, questionEnd, server, limit.Token);
            if (!DnsMessage.IsTruncated(answer))
                return answer;
            try
            {
                return await AskTcpAsync(query, questionEnd, server, limit.Token) ?? answer;
            }
            catch (Exception e) when (IsNoAnswer(e) && !cancellation.IsCancellationRequested)
            {
                return answer; // the beginning is better than nothing
            }
        }
        catch (Exception e) when (IsNoAnswer(e) && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    async Task<byte[]> AskUdpAsync(byte[] query, int questionEnd, IPAddress server, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(server, port), cancellation);
        await socket.SendAsync(query, cancellation);
        byte[] buffer = new byte[4096];
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, cancellation);
            // What is not to our question is not for us: go on waiting for what is.
            if (DnsMessage.Answers(buffer.AsSpan(0, length), query, questionEnd))
                return buffer[..length];
        }
    }

    async Task<byte[]?> AskTcpAsync(byte[] query, int questionEnd, IPAddress server, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(server, port), cancellation);
        await DnsTcp.WriteAsync(socket, query, cancellation);
        var answer = await DnsTcp.TryReadAsync(socket, ushort.MaxValue, cancellation);
        return answer is not null && DnsMessage.Answers(answer, query, questionEnd) ? answer : null;
    }

    static bool IsNoAnswer(Exception e) => e is SocketException or OperationCanceledException;
}

/// <summary>Messages on a stream: two bytes of length before each. RFC 1035, 4.2.2</summary>
internal static class DnsTcp
{
    internal static async Task WriteAsync(Socket socket, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        byte[] framed = new byte[message.Length + 2];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed.AsMemory(2));
        for (int sent = 0; sent < framed.Length; )
            sent += await socket.SendAsync(framed.AsMemory(sent), cancellation);
    }

    /// <summary>Null at the end of the stream, and for a message longer than <paramref name="limit"/> bytes.</summary>
    internal static async Task<byte[]?> TryReadAsync(Socket socket, int limit, CancellationToken cancellation)
    {
        byte[] prefix = new byte[2];
        if (!await FillAsync(socket, prefix, cancellation))
            return null;
        int length = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(prefix);
        if (length < DnsMessage.HeaderBytes || length > limit)
            return null;
        byte[] message = new byte[length];
        return await FillAsync(socket, message, cancellation) ? message : null;
    }

    static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellation)
    {
        while (buffer.Length > 0)
        {
            int count = await socket.ReceiveAsync(buffer, cancellation);
            if (count == 0)
                return false;
            buffer = buffer[count..];
        }
        return true;
    }
}
