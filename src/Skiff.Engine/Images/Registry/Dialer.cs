// TCP connections to registries, with failures told in the words of Docker's daemon.
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Skiff.Engine.Images.Registry;

/// <summary>A connection was not made; the message says where to and why.</summary>
internal sealed class DialException(string message, Exception inner) : IOException(message, inner);

internal static class Dialer
{
    /// <summary>Tries the addresses of a host in turn. For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="DialException">none answers, or the name has none</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, TimeSpan timeout, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(target.Host, out var literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(target.Host, cancellation);
        }
        catch (SocketException failure)
        {
            var why = failure.SocketErrorCode == SocketError.TryAgain ? "server misbehaving" : "no such host";
            throw new DialException($"dial tcp: lookup {target.Host}: {why}", failure);
        }
        Exception? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(timeout);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), limit.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                cancellation.ThrowIfCancellationRequested();
                last = new DialException($"dial tcp {new IPEndPoint(address, target.Port)}: {Words(failure)}", failure);
            }
        }
        throw last ?? new DialException($"dial tcp: lookup {target.Host}: no such host", new IOException());
    }

    static string Words(Exception failure) =>
        (failure as SocketException)?.SocketErrorCode switch
        {
            null or SocketError.TimedOut => "i/o timeout",
            SocketError.ConnectionRefused => "connect: connection refused",
            SocketError.NetworkUnreachable => "connect: network is unreachable",
            SocketError.HostUnreachable => "connect: no route to host",
            SocketError.ConnectionReset => "connect: connection reset by peer",
            var other => $"connect: {other}",
        };

    /// <summary>
    /// Why no answer came, in words, and whether asking the same host again can help: an interrupted connection may be
    /// tried again, one that could not be made may not.
    /// </summary>
    public static (string Words, bool Transient) Explain(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case DialException dial:
                    return (dial.Message, false);
                case AuthenticationException tls when tls.Message.Contains("frame", StringComparison.Ordinal):
                    return ("http: server gave HTTP response to HTTPS client", false);
                case AuthenticationException tls:
                    return ($"tls: failed to verify certificate: {tls.Message}", false);
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } invalid:
                    return ($"malformed HTTP response: {invalid.Message}", false);
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return ("read: connection reset by peer", true);
            }
        }
        return failure is OperationCanceledException
            ? ("i/o timeout", true)
            : (failure is HttpIOException or IOException or HttpRequestException ? "EOF" : failure.Message, true);
    }
}
