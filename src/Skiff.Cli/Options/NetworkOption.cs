// --network in its short and long form, and --add-host.
using System.Globalization;
using System.Net;
using Skiff.Docker;

namespace Skiff.Cli.Options;

/// <summary>One network to connect to: "name", or "name=x,alias=a,ip=1.2.3.4,...".</summary>
internal sealed record NetworkOption(string Name)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public IReadOnlyList<string> LinkLocal { get; init; } = [];
    public string? IPv4 { get; init; }
    public string? IPv6 { get; init; }
    public string? Mac { get; init; }
    public IReadOnlyDictionary<string, string>? DriverOptions { get; init; }
    public int GatewayPriority { get; init; }

    /// <summary>No network of the engine, but a namespace.</summary>
    public bool IsNamespace => Name is "host" or "none" || Name.StartsWith("container:", StringComparison.Ordinal);

    public bool IsPlain =>
        Aliases.Count == 0
        && LinkLocal.Count == 0
        && IPv4 is null
        && IPv6 is null
        && Mac is null
        && DriverOptions is null
        && GatewayPriority == 0;

    /// <exception cref="FormatException">no such form</exception>
    public static NetworkOption Parse(string text)
    {
        if (!text.Contains('='))
            return new NetworkOption(text);
        string? name = null;
        var option = new NetworkOption("");
        var aliases = new List<string>();
        var linkLocal = new List<string>();
        var driver = new Dictionary<string, string>();
        foreach (string field in Csv.Split(text))
        {
            var (key, value) = Values.Pair(field);
            if (!field.Contains('='))
                throw new FormatException("invalid field " + field);
            switch (key.Trim().ToLowerInvariant())
            {
                case "name":
                    name = value;
                    break;
                case "alias":
                    aliases.Add(value);
                    break;
                case "ip":
                    option = option with { IPv4 = value };
                    break;
                case "ip6":
                    option = option with { IPv6 = value };
                    break;
                case "mac-address":
                    option = option with { Mac = value };
                    break;
                case "link-local-ip":
                    linkLocal.Add(value);
                    break;
                case "driver-opt":
                    var (driverKey, driverValue) = Values.Pair(value);
                    driver[driverKey] = driverValue;
                    break;
                case "gw-priority":
                    if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int priority))
                        throw new FormatException($"invalid gw-priority ({value})");
                    option = option with { GatewayPriority = priority };
                    break;
                default:
                    throw new FormatException("invalid field key " + key);
            }
        }
        return option with
        {
            Name = name ?? throw new FormatException("network name/id is not specified"),
            Aliases = aliases,
            LinkLocal = linkLocal,
            DriverOptions = driver.Count == 0 ? null : driver,
        };
    }

    /// <summary>With the flags that concern the first network.</summary>
    public NetworkOption With(
        IReadOnlyList<string> aliases,
        IReadOnlyList<string> linkLocal,
        string? ip,
        string? ip6,
        string? mac
    ) =>
        this with
        {
            Aliases = [.. Aliases, .. aliases],
            LinkLocal = [.. LinkLocal, .. linkLocal],
            IPv4 = ip ?? IPv4,
            IPv6 = ip6 ?? IPv6,
            Mac = mac ?? Mac,
        };

    public EndpointSettings ToEndpoint() =>
        new()
        {
            IPAMConfig =
                IPv4 is null && IPv6 is null && LinkLocal.Count == 0
                    ? null
                    : new EndpointIpamConfig
                    {
                        IPv4Address = IPv4,
                        IPv6Address = IPv6,
                        LinkLocalIPs = LinkLocal.Count == 0 ? null : LinkLocal,
                    },
            Aliases = Aliases.Count == 0 ? null : Aliases,
            MacAddress = Mac ?? "",
            DriverOpts = DriverOptions,
            GwPriority = GatewayPriority,
        };

    /// <summary>The address of --dns.</summary>
    public static string NameServer(string text) =>
        IPAddress.TryParse(text.Trim(), out var address)
            ? address.ToString()
            : throw new FormatException($"IP address is not correctly formatted: {text}");

    /// <summary>"host:address" or "host=address" of --add-host, as the engine takes it.</summary>
    public static string ExtraHost(string text)
    {
        int separator = text.IndexOf('=');
        if (separator < 0)
            separator = text.IndexOf(':');
        string address = separator < 0 ? "" : text[(separator + 1)..].Trim('[', ']');
        if (separator <= 0 || address.Length == 0)
            throw new FormatException($"bad format for add-host: \"{text}\"");
        return address == "host-gateway" || IPAddress.TryParse(address, out _)
            ? $"{text[..separator]}:{address}"
            : throw new FormatException($"invalid IP address in add-host: \"{address}\"");
    }
}

/// <summary>One line of comma-separated values, where a value may stand in double quotes.</summary>
internal static class Csv
{
    public static List<string> Split(string line)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"' && (quoted || field.Length == 0))
                quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
                field.Append(c);
        }
        if (quoted)
            throw new FormatException("a quote is not closed: " + line);
        fields.Add(field.ToString());
        return fields;
    }
}
