// What systemd and the daemon tell each other: sockets to listen on, readiness.
using System.Net.Sockets;
using System.Text;
using Skiff.Engine;

namespace Skiff.Daemon;

internal static class ServiceManager
{
    const int FirstDescriptor = 3;

    /// <summary>sd_listen_fds(3): descriptors from 3 on, LISTEN_FDS of them, for the process LISTEN_PID.</summary>
    /// <exception cref="EngineException">InvalidParameter: none were passed</exception>
    internal static IEnumerable<ulong> Sockets()
    {
        if (
            Environment.GetEnvironmentVariable("LISTEN_PID") != $"{Environment.ProcessId}"
            || !int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out int count)
            || count < 1
        )
            throw EngineException.Invalid("-H fd:// needs sockets from systemd: start skiff.socket, or name a unix:// socket");
        return Enumerable.Range(FirstDescriptor, count).Select(n => (ulong)n);
    }

    /// <summary>sd_notify(3).</summary>
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
