// The content of a container's /etc/hosts.
using System.Text;

namespace Skiff.Engine.Networks;

public static class HostsFile
{
    /// <summary>As Docker writes it: loopback, extra hosts, and the container's own addresses.</summary>
    /// <param name="extraHosts">"name:address"; the address "host-gateway" is the gateway of the first network</param>
    /// <exception cref="EngineException">InvalidParameter: host-gateway without a network</exception>
    public static string Text(
        string hostname,
        string domainname,
        IReadOnlyList<string> addresses,
        IReadOnlyList<string> extraHosts,
        string? gateway
    )
    {
        var text = new StringBuilder(
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n"
                + "ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
        );
        foreach (string extra in extraHosts)
        {
            int separator = extra.IndexOfAny([':', '=']);
            if (separator <= 0)
                throw EngineException.Invalid($"bad format for add-host: \"{extra}\"");
            string address = extra[(separator + 1)..].Trim('[', ']');
            if (address == "host-gateway")
                address = gateway ?? throw EngineException.Invalid("unable to derive the IP value for host-gateway: no network");
            text.Append(address).Append('\t').Append(extra, 0, separator).Append('\n');
        }
        string names = Names(hostname, domainname);
        foreach (string address in addresses)
            text.Append(address).Append('\t').Append(names).Append('\n');
        return text.ToString();
    }

    /// <summary>What a container calls itself.</summary>
    public static string Names(string hostname, string domainname) =>
        domainname.Length > 0 ? $"{hostname}.{domainname} {hostname}" : hostname;
}
