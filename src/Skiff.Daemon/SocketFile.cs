// The daemon's unix socket as a file: replaced when stale, refused when alive, readable for a group.
using System.Net.Sockets;
using Skiff.Engine;

namespace Skiff.Daemon;

internal static class SocketFile
{
    const int LongestPath = 107; // unix(7): sun_path less its closing NUL

    /// <exception cref="EngineException">Conflict: another engine listens there; InvalidParameter: the path is too long</exception>
    internal static void Prepare(string path)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestPath)
            throw EngineException.Invalid($"the socket path {path} is longer than {LongestPath} bytes: choose a shorter one");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
            return;
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path); // left by an engine that was killed
            return;
        }
        throw EngineException.Conflict($"another engine listens on {path}: stop it, or give this one its own -H");
    }

    /// <summary>root and the group may use it, nobody else: who can speak to the engine is root.</summary>
    /// <exception cref="EngineException">InvalidParameter: no such group</exception>
    internal static void Protect(string path, string? group)
    {
        File.SetUnixFileMode(
            path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        );
        uint? id = group is not null
            ? Skiff.Engine.Host.Groups.Find(group) ?? throw EngineException.Invalid($"no such group: \"{group}\"")
            : Skiff.Engine.Host.Groups.Find("skiff") ?? Skiff.Engine.Host.Groups.Find("docker");
        if (id is { } gid)
            Skiff.Engine.Host.Groups.Give(path, gid);
    }
}
