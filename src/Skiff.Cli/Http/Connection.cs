// A byte stream to the engine that can be half-closed.
using System.Net;
using System.Net.Sockets;

namespace Skiff.Cli.Http;

/// <summary>A connected socket. All calls block; one thread may read while another writes.</summary>
internal sealed class Connection(Socket socket) : IDisposable
{
    /// <exception cref="SocketException">nobody listens, or no permission</exception>
    public static Connection Open(EngineAddress address)
    {
        var socket = address.UnixPath is not null
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (address.UnixPath is { } path)
                socket.Connect(new UnixDomainSocketEndPoint(path));
            else
                socket.Connect(address.Host!, address.Port);
            return new Connection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>0 at the end.</summary>
    public int Read(Span<byte> buffer) => socket.Receive(buffer, SocketFlags.None);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[socket.Send(bytes, SocketFlags.None)..];
    }

    /// <summary>Says end-of-file to the engine; its output goes on.</summary>
    public void ShutdownWrite() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends both directions: a read that waits returns 0.</summary>
    public void ShutdownBoth() => socket.Shutdown(SocketShutdown.Both);

    public void Dispose() => socket.Dispose();
}

/// <summary>Where an engine listens: a unix socket's path, or host and port.</summary>
internal sealed record EngineAddress(string Text, string? UnixPath, string? Host, int Port)
{
    public const string Default = "unix:///var/run/skiff/skiff.sock";

    /// <summary>What the Host header says: the path's owner has no name of its own.</summary>
    public string HostHeader => UnixPath is null ? $"{Host}:{Port}" : "localhost";

    /// <exception cref="CliException">no such form of address</exception>
    public static EngineAddress Parse(string text)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal))
            return new EngineAddress(text, text.Length > 7 ? text[7..] : Default[7..], null, 0);
        if (text.StartsWith("tcp://", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal))
        {
            string authority = text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..].TrimEnd('/');
            int colon = authority.LastIndexOf(':');
            bool hasPort = colon > authority.LastIndexOf(']');
            string host = hasPort ? authority[..colon] : authority;
            int port = 2375;
            if (
                (!hasPort || int.TryParse(authority[(colon + 1)..], out port))
                && port is > 0 and <= IPEndPoint.MaxPort
                && host.Length > 0
            )
                return new EngineAddress(text, null, host.Trim('[', ']'), port);
        }
        throw new CliException($"unable to parse engine host \"{text}\": use unix:///path/to/socket or tcp://host:port");
    }
}
