// The resolver of one sandbox: names of containers from memory, everything else from other servers.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Skiff.Engine.Networks.Dns;

/// <summary>
/// Serves the sockets until disposed. What a container sends is hostile: messages, connections and questions at a
/// time are bounded; one too many is not answered, as if lost on the way.
/// </summary>
internal sealed class DnsServer : IDisposable
{
    const int MaxQueryBytes = 4096;
    const int MaxAtOnce = 64;
    const int MaxConnections = 16;
    static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(10);
    static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(50);

    readonly string containerId;
    readonly DnsSockets sockets;
    readonly DnsNames names;
    readonly DnsForwarder forwarder;
    readonly Func<IReadOnlyList<IPAddress>> servers;
    readonly CancellationTokenSource closing = new();
    int asked;
    int connections;

    /// <param name="sockets">owned from now on</param>
    internal DnsServer(
        string containerId,
        DnsSockets sockets,
        DnsNames names,
        DnsForwarder forwarder,
        Func<IReadOnlyList<IPAddress>> servers
    )
    {
        this.containerId = containerId;
        this.sockets = sockets;
        this.names = names;
        this.forwarder = forwarder;
        this.servers = servers;
    }

    /// <summary>Begins to serve. The loops end with the sockets; no failure of theirs reaches further.</summary>
    internal DnsServer Start()
    {
        _ = QuietlyAsync(() => RepeatAsync(ServeUdpAsync));
        _ = QuietlyAsync(() => RepeatAsync(ServeTcpAsync));
        return this;
    }

    /// <summary>The sockets close at once: an open one would keep the namespace alive.</summary>
    public void Dispose()
    {
        closing.Cancel();
        sockets.Dispose();
    }

    /// <summary>A loop that fails (no descriptors, a datagram that does not fit) goes on after a pause.</summary>
    async Task RepeatAsync(Func<Task> serve)
    {
        while (!closing.IsCancellationRequested)
        {
            try
            {
                await serve();
            }
            catch (SocketException) when (!closing.IsCancellationRequested)
            {
                await Task.Delay(AfterFailure, closing.Token);
            }
        }
    }

    async Task ServeUdpAsync()
    {
        byte[] buffer = new byte[MaxQueryBytes];
        var sender = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            int length = await sockets.Udp.ReceiveFromAsync(buffer, SocketFlags.None, sender, closing.Token);
            var query = buffer.AsMemory(0, length);
            int code = DnsMessage.TryReadQuery(query.Span, out var question);
            if (code < 0)
                continue;
            if (code != DnsCode.NoError)
                await SendAsync(DnsMessage.Refusal(query.Span, code), sender);
            else if (Local(query.Span, question, question.MaxUdpBytes) is { } known)
                await SendAsync(known, sender);
            else if (Volatile.Read(ref asked) < MaxAtOnce)
            {
                Interlocked.Increment(ref asked);
                byte[] copy = query.ToArray();
                var client = new SocketAddress(sender.Family, sender.Size);
                sender.Buffer.Span[..sender.Size].CopyTo(client.Buffer.Span);
                _ = QuietlyAsync(() => ForwardUdpAsync(copy, question, client));
            }
        }
    }

    async Task ForwardUdpAsync(byte[] query, DnsQuestion question, SocketAddress client)
    {
        try
        {
            byte[] answer = await ForwardAsync(query, question, overTcp: false);
            if (answer.Length > question.MaxUdpBytes)
                answer = DnsMessage.Truncate(answer, question.End);
            await SendAsync(answer, client);
        }
        finally
        {
            Interlocked.Decrement(ref asked);
        }
    }

    async Task SendAsync(byte[] answer, SocketAddress client)
    {
        try
        {
            await sockets.Udp.SendToAsync(answer, SocketFlags.None, client, closing.Token);
        }
        catch (SocketException) when (!closing.IsCancellationRequested)
        {
            // The client is gone.
        }
    }

    async Task ServeTcpAsync()
    {
        while (true)
        {
            var client = await sockets.Tcp.AcceptAsync(closing.Token);
            if (Interlocked.Increment(ref connections) > MaxConnections)
            {
                Interlocked.Decrement(ref connections);
                client.Dispose();
            }
            else
                _ = QuietlyAsync(() => ServeConnectionAsync(client));
        }
    }

    async Task ServeConnectionAsync(Socket client)
    {
        try
        {
            using (client)
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(closing.Token))
            {
                while (true)
                {
                    limit.CancelAfter(IdleLimit);
                    var query = await DnsTcp.TryReadAsync(client, MaxQueryBytes, limit.Token);
                    if (query is null)
                        return;
                    int code = DnsMessage.TryReadQuery(query, out var question);
                    if (code < 0)
                        return;
                    byte[] answer =
                        code != DnsCode.NoError
                            ? DnsMessage.Refusal(query, code)
                            : Local(query, question, ushort.MaxValue) ?? await ForwardAsync(query, question, overTcp: true);
                    await DnsTcp.WriteAsync(client, answer, limit.Token);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref connections);
        }
    }

    async Task<byte[]> ForwardAsync(byte[] query, DnsQuestion question, bool overTcp) =>
        await forwarder.AskAsync(query, question.End, overTcp, servers(), closing.Token)
        ?? DnsMessage.Empty(query, question, DnsCode.ServFail);

    /// <summary>The answer from what the engine knows; null if others must be asked.</summary>
    internal byte[]? Local(ReadOnlySpan<byte> query, in DnsQuestion question, int limit)
    {
        if (question.Class is not (DnsCode.IN or DnsCode.ANY))
            return null;
        if (ReverseAddress(question.Name) is { } address)
        {
            var (isOurs, name) = names.FindAddress(containerId, address);
            return !isOurs ? null
                : name is null ? DnsMessage.Empty(query, question, DnsCode.NXDomain)
                : question.Type is DnsCode.PTR or DnsCode.ANY ? DnsMessage.Pointer(query, question, name)
                : DnsMessage.Empty(query, question, DnsCode.NoError);
        }
        var found = names.Find(containerId, question.Name);
        if (!found.IsOurs)
            return null;
        // A name of ours has an IPv4 address and nothing else: every other type is answered, with no data.
        return question.Type is DnsCode.A or DnsCode.ANY
            ? DnsMessage.Addresses(query, question, found.Addresses, limit)
            : DnsMessage.Empty(query, question, DnsCode.NoError);
    }

    /// <summary>"2.0.17.172.in-addr.arpa" to 172.17.0.2; null for other names.</summary>
    internal static uint? ReverseAddress(string name)
    {
        const string Suffix = ".in-addr.arpa";
        if (!name.EndsWith(Suffix, StringComparison.Ordinal))
            return null;
        string[] parts = name[..^Suffix.Length].Split('.');
        if (parts.Length != 4)
            return null;
        uint address = 0;
        for (int i = 3; i >= 0; i--)
        {
            if (!byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out byte part))
                return null;
            address = address << 8 | part;
        }
        return address;
    }

    static async Task QuietlyAsync(Func<Task> serve)
    {
        try
        {
            await serve();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Closed, by us or by the client.
        }
    }
}
