// Ports of a container in one cell: "0.0.0.0:8080->80/tcp, 443/tcp", neighbours as ranges.
using System.Globalization;
using Skiff.Docker;

namespace Skiff.Cli.Output;

internal static class PortText
{
    public static string Of(IReadOnlyList<PortSummary> ports)
    {
        var sorted = ports
            .OrderBy(p => p.PrivatePort)
            .ThenBy(p => p.IP ?? "", StringComparer.Ordinal)
            .ThenBy(p => p.PublicPort)
            .ThenBy(p => p.Type, StringComparer.Ordinal)
            .ToList();
        var texts = new List<string>();
        var grouped = new List<(string Key, int First, int Last)>();
        var unmapped = new List<(string Key, int First, int Last)>();
        foreach (var port in sorted)
        {
            // A port on another number of the host stands for itself.
            if (port.PublicPort != 0 && port.PublicPort != port.PrivatePort)
            {
                texts.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Address(port.IP)}:{port.PublicPort}->{port.PrivatePort}/{port.Type}"
                    )
                );
                continue;
            }
            string key = port.PublicPort == 0 ? "/" + port.Type : $"{Address(port.IP)}/{port.Type}";
            Extend(port.PublicPort == 0 ? unmapped : grouped, key, port.PrivatePort);
        }
        texts.AddRange(unmapped.Select(g => Range(g.First, g.Last) + g.Key));
        texts.AddRange(
            grouped.Select(g =>
            {
                int slash = g.Key.LastIndexOf('/');
                string range = Range(g.First, g.Last);
                return $"{g.Key[..slash]}:{range}->{range}{g.Key[slash..]}";
            })
        );
        return string.Join(", ", texts);
    }

    static void Extend(List<(string Key, int First, int Last)> groups, string key, int port)
    {
        int index = groups.FindLastIndex(g => g.Key == key);
        if (index >= 0 && (port == groups[index].Last || port == groups[index].Last + 1))
            groups[index] = groups[index] with { Last = port };
        else
            groups.Add((key, port, port));
    }

    static string Range(int first, int last) =>
        first == last
            ? first.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");

    static string Address(string? ip) => ip is not null && ip.Contains(':') ? $"[{ip}]" : ip ?? "";
}

/// <summary>What --format takes, for help.</summary>
internal static class ListFormat
{
    public const string Help = "table, json, or a Go template; 'table TEMPLATE' adds a heading";
}
