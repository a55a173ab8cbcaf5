// --publish and --expose.
using System.Globalization;
using System.Net;
using Skiff.Docker;
using Skiff.Oci.Images;

namespace Skiff.Cli.Options;

/// <summary>
/// [address:][port[-port]:]port[-port][/protocol], an IPv6 address in brackets; or published=..,target=..,protocol=..
/// </summary>
internal sealed class PortOption
{
    /// <summary>Keys "80/tcp".</summary>
    public Dictionary<string, EmptyObject> Exposed { get; } = [];
    public Dictionary<string, IReadOnlyList<PortBinding>?> Bindings { get; } = [];

    /// <exception cref="FormatException">no such form</exception>
    public static PortOption Parse(IReadOnlyList<string> published, IReadOnlyList<string> exposed)
    {
        var ports = new PortOption();
        foreach (string text in published)
            ports.Publish(text.Contains('=') ? FromLong(text) : text);
        foreach (string text in exposed)
        {
            if (text.Contains(':'))
                throw new FormatException($"invalid port format for --expose: {text}");
            var (range, protocol) = Protocol(text);
            var (first, last) = Range(range, text, "invalid port: ");
            for (int port = first; port <= last; port++)
                ports.Exposed.TryAdd(Key(port, protocol), new EmptyObject());
        }
        return ports;
    }

    void Publish(string text)
    {
        var (rest, protocol) = Protocol(text);
        int colon = rest.LastIndexOf(':');
        var (first, last) = Range(rest[(colon + 1)..], text, "Invalid containerPort: ");
        string host = colon < 0 ? "" : rest[..colon];
        string address = "";
        int separator = host.LastIndexOf(':');
        if (separator >= 0)
        {
            address = host[..separator].Trim('[', ']');
            host = host[(separator + 1)..];
            if (address.Length > 0 && !IPAddress.TryParse(address, out _))
                throw new FormatException($"Invalid ip address {address}");
        }
        int hostFirst = 0,
            hostLast = 0;
        if (host.Length > 0)
            (hostFirst, hostLast) = host == "0" ? (0, 0) : Range(host, text, "Invalid hostPort: "); // 0: any, as an empty one
        // Many host ports for one port of the container: the engine takes a free one.
        bool choice = first == last && hostFirst != hostLast;
        if (host.Length > 0 && !choice && hostLast - hostFirst != last - first)
            throw new FormatException($"invalid ranges specified for container and host Ports: {first}-{last} and {host}");
        for (int port = first; port <= last; port++)
        {
            string key = Key(port, protocol);
            Exposed.TryAdd(key, new EmptyObject());
            if (!Bindings.TryGetValue(key, out var list))
                Bindings[key] = list = new List<PortBinding>();
            ((List<PortBinding>)list!).Add(
                new PortBinding
                {
                    HostIp = address,
                    HostPort =
                        host.Length == 0 ? ""
                        : choice ? host
                        : (hostFirst + port - first).ToString(CultureInfo.InvariantCulture),
                }
            );
        }
    }

    static string FromLong(string text)
    {
        string target = "",
            published = "",
            protocol = "tcp";
        foreach (string pair in text.Split(','))
        {
            var (key, value) = Values.Pair(pair);
            switch (key)
            {
                case "target":
                    target = value;
                    break;
                case "published":
                    published = value;
                    break;
                case "protocol":
                    protocol = value;
                    break;
                case "mode" when value is "ingress" or "host":
                    break;
                default:
                    throw new FormatException($"invalid field in --publish: {pair}");
            }
        }
        if (target.Length == 0)
            throw new FormatException("missing mandatory field \"target\" in --publish " + text);
        return $"{(published.Length > 0 ? published + ":" : "")}{target}/{protocol}";
    }

    static (string Range, string Protocol) Protocol(string text)
    {
        int slash = text.IndexOf('/');
        string protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        return protocol is "tcp" or "udp" or "sctp"
            ? (slash < 0 ? text : text[..slash], protocol)
            : throw new FormatException($"invalid proto: {protocol}");
    }

    static (int First, int Last) Range(string range, string whole, string complaint)
    {
        if (range.Length == 0)
            throw new FormatException($"no port specified: {whole}<empty>");
        int dash = range.IndexOf('-');
        int first = Port(dash < 0 ? range : range[..dash], range, complaint);
        int last = dash < 0 ? first : Port(range[(dash + 1)..], range, complaint);
        return first <= last ? (first, last) : throw new FormatException($"invalid range specified for port: {range}");
    }

    static int Port(string text, string range, string complaint) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new FormatException(complaint + range);

    static string Key(int port, string protocol) => string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}");
}
