// The sockets of one sandbox's resolver.
using System.Net;
using System.Net.Sockets;
using Skiff.Linux;
using Skiff.Linux.Nftables;

namespace Skiff.Engine.Networks.Dns;

/// <summary>
/// UDP and TCP, reached at 127.0.0.11:53 of the namespace in which they were opened. They are bound to other ports and
/// the packets' port is rewritten: port 53 stays free for a container that is a name server itself, on all addresses.
/// </summary>
internal sealed class DnsSockets : IDisposable
{
    /// <summary>Docker's address for its resolver: clients look for it.</summary>
    internal const string Address = "127.0.0.11";
    const int Port = 53;
    const string Table = "skiff_resolver";
    const int Backlog = 16;

    DnsSockets(Socket udp, Socket tcp)
    {
        Udp = udp;
        Tcp = tcp;
    }

    internal Socket Udp { get; }
    internal Socket Tcp { get; }

    /// <summary>Opens them in the calling thread's network namespace.</summary>
    /// <param name="again">an earlier engine may have done so too</param>
    /// <exception cref="SocketException">the kernel cannot rewrite ports, and port 53 is in use</exception>
    internal static DnsSockets Open(bool again)
    {
        var address = IPAddress.Parse(Address);
        var sockets = Open(new IPEndPoint(address, 0));
        try
        {
            LoopbackRedirect.Install(Table, address, Port, PortOf(sockets.Udp), PortOf(sockets.Tcp), again);
            return sockets;
        }
        catch (ErrnoException)
        {
            // Without nf_tables in the namespace the resolver takes the port itself.
            sockets.Dispose();
            return Open(new IPEndPoint(address, Port));
        }

        static ushort PortOf(Socket socket) => (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    internal static DnsSockets Open(IPEndPoint address)
    {
        var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            udp.Bind(address);
            tcp.Bind(address);
            tcp.Listen(Backlog);
            return new DnsSockets(udp, tcp);
        }
        catch
        {
            udp.Dispose();
            tcp.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Udp.Dispose();
        Tcp.Dispose();
    }
}
