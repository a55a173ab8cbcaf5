// The name servers that the resolver asks.
using System.Net;

namespace Skiff.Engine.Networks.Dns;

/// <summary>
/// Those of the container, else of the engine, else the host's. The host's file is read again when it changes:
/// machines move between networks while containers run.
/// </summary>
internal sealed class UpstreamServers(IReadOnlyList<string> engineDns)
{
    const int MaxServers = 3; // as resolv.conf(5): MAXNS
    static readonly TimeSpan CheckAfter = TimeSpan.FromSeconds(1);

    readonly IReadOnlyList<IPAddress> engine = Parse(engineDns);
    readonly Lock gate = new();
    IReadOnlyList<IPAddress> host = [];
    DateTime changed;
    long checkedAt;

    internal Func<IReadOnlyList<IPAddress>> For(IReadOnlyList<string> containerDns)
    {
        var own = Parse(containerDns);
        return () =>
            own.Count > 0 ? own
            : engine.Count > 0 ? engine
            : Host();
    }

    IReadOnlyList<IPAddress> Host()
    {
        lock (gate)
        {
            if (checkedAt != 0 && System.Diagnostics.Stopwatch.GetElapsedTime(checkedAt) < CheckAfter)
                return host;
            checkedAt = System.Diagnostics.Stopwatch.GetTimestamp();
            var written = File.GetLastWriteTimeUtc(HostResolvConf.Path);
            if (written == changed)
                return host;
            changed = written;
            var servers = HostResolvConf.Read().NameServers;
            // resolv.conf(5): without one, the server on this machine is asked.
            return host = servers.Count > 0 ? [.. servers.Take(MaxServers)] : [IPAddress.Loopback];
        }
    }

    static IReadOnlyList<IPAddress> Parse(IReadOnlyList<string> addresses) =>
        [.. addresses.Select(a => IPAddress.TryParse(a, out var address) ? address : null).OfType<IPAddress>().Take(MaxServers)];
}
