// Who this daemon is, for version and info.
using System.Reflection;

namespace Skiff.Daemon;

/// <param name="Report">told of failures that no client can be told of</param>
internal sealed record ServerInfo(string Version, string Commit, bool Debug, Action<Exception> Report)
{
    internal static ServerInfo Of(bool debug, Action<Exception> report)
    {
        // "0.1.0+commit"
        string[] version = (
            typeof(ServerInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "0.0.0"
        ).Split('+');
        return new ServerInfo(version[0], version.Length > 1 ? version[1][..Math.Min(7, version[1].Length)] : "", debug, report);
    }
}
