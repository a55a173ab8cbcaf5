// Who this daemon is, for version and info.
using System.Reflection;

namespace Skiff.Daemon;

/// <param name="Report">told of failures that no client can be told of</param>
/// <param name="RequestFailed">told of requests that failed by no fault of the client's: "POST /containers/x/start"</param>
internal sealed record ServerInfo(
    string Version,
    string Commit,
    bool Debug,
    Action<Exception> Report,
    Action<string, Exception> RequestFailed
)
{
    internal static ServerInfo Of(bool debug, Action<Exception> report, Action<string, Exception> requestFailed)
    {
        // "0.1.0+commit"
        string[] version = (
            typeof(ServerInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "0.0.0"
        ).Split('+');
        string commit = version.Length > 1 ? version[1][..Math.Min(7, version[1].Length)] : "";
        return new ServerInfo(version[0], commit, debug, report, requestFailed);
    }
}
