// The sockets of one sandbox's resolver.
using System.Net;
using System.Net.Sockets;

namespace Skiff.Engine.Networks.Dns;

/// <summary>UDP and TCP at 127.0.0.11:53 of the namespace in which they were opened.</summary>
internal sealed class DnsSockets : IDisposable
{
    /// <summary>Docker's address for its resolver: clients look for it.</summary>
    internal const string Address = "127.0.0.11";
    const int Port = 53;
    const int Backlog = 16;

    DnsSockets(Socket udp, Socket tcp)
    {
        Udp = udp;
        Tcp = tcp;
    }

    internal Socket Udp { get; }
    internal Socket Tcp { get; }

    /// <summary>Opens them in the calling thread's network namespace.</summary>
    /// <exception cref="SocketException">the port is in use</exception>
    internal static DnsSockets Open() => Open(new IPEndPoint(IPAddress.Parse(Address), Port));

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
