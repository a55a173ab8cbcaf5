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
