// A host beyond this machine: a network namespace on the far end of a veth pair.
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.SystemTests.Harness;

public sealed class OutsideHost : IDisposable
{
    static readonly Lock Choosing = new();
    static int count;
    readonly string name;
    readonly string subnet;

    public OutsideHost()
    {
        int number = Interlocked.Increment(ref count);
        name = $"sko{Environment.ProcessId % 10000}x{number}";
        Ip("netns", "add", name);
        Ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
        lock (Choosing)
        {
            // 198.18.0.0/15 is set aside for such tests: RFC 2544. Other runs, and what a killed one left, may have parts of it.
            string taken = Command.Run("ip", "-4", "addr").Expect().Output;
            do subnet = $"198.{Random.Shared.Next(18, 20)}.{Random.Shared.Next(256)}";
            while (taken.Contains($" {subnet}.", StringComparison.Ordinal));
            Ip("addr", "add", $"{HostAddress}/24", "dev", name);
        }
        Ip("link", "set", name, "up");
        Ip("-n", name, "addr", "add", $"{Address}/24", "dev", "eth0");
        Ip("-n", name, "link", "set", "eth0", "up");
        Ip("-n", name, "link", "set", "lo", "up");
    }

    /// <summary>The name of this machine's interface on the link.</summary>
    public string Link => name;

    /// <summary>The outside host's own address.</summary>
    public string Address => $"{subnet}.2";

    /// <summary>This machine's address on the link to it.</summary>
    public string HostAddress => $"{subnet}.1";

    /// <summary>Tells each client that connects which address it comes from.</summary>
    public IDisposable Serve(int port) => new Server(name, port);

    /// <summary>Opens a socket of the outside host.</summary>
    public T Open<T>(Func<T> open) => Inside.Open($"/run/netns/{name}", open);

    public Result Run(params string[] command) => Command.Run("ip", ["netns", "exec", name, .. command]);

    /// <summary>As a neighbour who knows where a container's network is.</summary>
    public void RouteThroughHost(string address) => Ip("-n", name, "route", "replace", $"{address}/32", "via", HostAddress);

    static void Ip(params string[] arguments) => Command.Run("ip", arguments).Expect();

    public void Dispose()
    {
        Ip("link", "del", name);
        Ip("netns", "del", name);
    }

    /// <summary>A listener whose socket was made in the namespace: a thread enters it, opens, and leaves.</summary>
    sealed class Server : IDisposable
    {
        readonly Socket listener;

        internal Server(string namespaceName, int port)
        {
            listener = Inside.Open(
                $"/run/netns/{namespaceName}",
                () =>
                {
                    var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    made.Bind(new IPEndPoint(IPAddress.Any, port));
                    made.Listen();
                    return made;
                }
            );
            _ = AnswerAsync();
        }

        async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptAsync();
                    string seen = ((IPEndPoint)client.RemoteEndPoint!).Address + "\n";
                    await client.SendAsync(Encoding.ASCII.GetBytes(seen));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // closed
            }
        }

        public void Dispose() => listener.Dispose();
    }
}

/// <summary>Opens sockets in network namespaces: a thread enters one, opens, and ends.</summary>
public static class Inside
{
    public static T Open<T>(string path, Func<T> open)
    {
        T? made = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var target = File.OpenHandle(path);
                NativeMethods.Enter((int)target.DangerousGetHandle());
                made = open();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start(); // ends with its namespace: threads are not reused
        thread.Join();
        return failure is null ? made! : throw new InvalidOperationException($"in {path}: {failure.Message}", failure);
    }
}

static partial class NativeMethods
{
    /// <summary>Moves the calling thread into a network namespace: setns(2).</summary>
    internal static void Enter(int descriptor)
    {
        if (setns(descriptor, 0x40000000) != 0)
            throw new InvalidOperationException("setns");
    }

    [LibraryImport("libc")]
    private static partial int setns(int fd, int kind);
}
