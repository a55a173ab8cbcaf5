// Tells systemd that the daemon is ready: sd_notify(3).
using System.Net.Sockets;
using System.Text;

namespace Skiff.Daemon;

internal static class ServiceManager
{
    internal static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
            return;
        // "@name" is the abstract name space.
        string address = path[0] == '@' ? "\0" + path[1..] : path;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(address));
    }
}
