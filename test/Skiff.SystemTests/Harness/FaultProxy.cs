// Stands between an engine and a registry: counts what the registry sends, stops it, or cuts connections.
using System.Net;
using System.Net.Sockets;

namespace Skiff.SystemTests.Harness;

/// <summary>Forwards TCP on a loopback port of its own to another.</summary>
sealed class FaultProxy : IDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource ended = new();
    readonly int target;
    readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TaskCompletionSource? held;
    long sent;

    public FaultProxy(int target)
    {
        this.target = target;
        listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Bytes that the registry has sent through.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Every connection is cut after so many bytes of the registry.</summary>
    public long CutAfter { get; set; } = long.MaxValue;

    /// <summary>From so many bytes in all on, nothing more goes through until Release.</summary>
    public long HoldAt { get; set; } = long.MaxValue;

    /// <summary>Completed once the hold has begun.</summary>
    public Task Held => reached.Task;

    public void Release()
    {
        HoldAt = long.MaxValue;
        Volatile.Read(ref held)?.TrySetResult();
    }

    async Task AcceptAsync()
    {
        while (!ended.IsCancellationRequested)
        {
            var client = await listener.AcceptTcpClientAsync(ended.Token);
            _ = Task.Run(() => ForwardAsync(client));
        }
    }

    async Task ForwardAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, target, ended.Token);
                var up = client.GetStream().CopyToAsync(server.GetStream(), ended.Token);
                await Task.WhenAny(up, DownAsync(server.GetStream(), client.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of the two has gone: so does the other.
            }
    }

    async Task DownAsync(NetworkStream server, NetworkStream client)
    {
        var buffer = new byte[64 << 10];
        long here = 0;
        for (int count; here < CutAfter && (count = await server.ReadAsync(buffer, ended.Token)) > 0; here += count)
        {
            if (Interlocked.Add(ref sent, count) >= HoldAt)
            {
                var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Volatile.Write(ref held, hold);
                reached.TrySetResult();
                await hold.Task.WaitAsync(ended.Token);
            }
            await client.WriteAsync(buffer.AsMemory(0, count), ended.Token);
        }
    }

    public void Dispose()
    {
        ended.Cancel();
        listener.Dispose();
        ended.Dispose();
    }
}
