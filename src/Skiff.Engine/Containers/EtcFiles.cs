// The three files that Docker binds over an image's own: /etc/hosts, /etc/hostname, /etc/resolv.conf.
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;

namespace Skiff.Engine.Containers;

internal sealed class EtcFiles(StateLayout layout, NetworkService networks)
{
    /// <summary>Place in the container -> file on the host.</summary>
    internal IReadOnlyDictionary<string, string> Paths(string id)
    {
        string directory = layout.Container(id);
        return new Dictionary<string, string>
        {
            ["/etc/hosts"] = Path.Combine(directory, "hosts"),
            ["/etc/hostname"] = Path.Combine(directory, "hostname"),
            ["/etc/resolv.conf"] = Path.Combine(directory, "resolv.conf"),
        };
    }

    const long LongestHosts = 1 << 20;

    /// <summary>A further address of a running container, in its /etc/hosts: the file stays, as it is mounted.</summary>
    internal void Connected(Container container, Endpoint endpoint) =>
        Edit(
            container,
            lines =>
                [.. lines, $"{endpoint.IPv4Address}\t{HostsFile.Names(container.Config.Hostname, container.Config.Domainname)}"]
        );

    /// <summary>An address less.</summary>
    internal void Disconnected(Container container, Endpoint endpoint) =>
        Edit(container, lines => lines.Where(l => !l.StartsWith(endpoint.IPv4Address + "\t", StringComparison.Ordinal)));

    /// <summary>The container may have made of it what it likes: what is too long stays as it is.</summary>
    void Edit(Container container, Func<IEnumerable<string>, IEnumerable<string>> edit)
    {
        string path = Paths(container.Id)["/etc/hosts"];
        if (!File.Exists(path) || new FileInfo(path).Length > LongestHosts)
            return;
        var lines = File.ReadAllText(path).TrimEnd('\n').Split('\n');
        File.WriteAllText(path, string.Join('\n', edit(lines)) + "\n");
    }

    /// <summary>Writes them for the addresses of this run. The container may edit them until its next start.</summary>
    internal void Write(Container container, IReadOnlyList<Endpoint> endpoints)
    {
        var paths = Paths(container.Id);
        var config = container.Config;
        var host = container.Host;
        Directory.CreateDirectory(layout.Container(container.Id));
        File.WriteAllText(paths["/etc/hostname"], config.Hostname + "\n");
        File.WriteAllText(
            paths["/etc/hosts"],
            HostsFile.Text(
                config.Hostname,
                config.Domainname,
                [.. endpoints.Select(e => e.IPv4Address).Where(a => a.Length > 0)],
                host.ExtraHosts,
                endpoints.Count > 0 ? endpoints[0].Gateway : null
            )
        );
        File.WriteAllText(
            paths["/etc/resolv.conf"],
            networks.ResolvConf(endpoints.Count > 0, host.Dns, host.DnsSearch, host.DnsOptions)
        );
    }
}
