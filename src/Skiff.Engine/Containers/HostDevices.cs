// Device nodes of the host that a container asks for.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Containers;

internal static class HostDevices
{
    /// <summary>What every container has anyway, or has its own of.</summary>
    static readonly HashSet<string> Own = ["pts", "shm", "mqueue", "fd", "console", "ptmx", "tty", "null", "zero", "full", "random", "urandom"];

    /// <summary>The nodes of --device, or all of /dev for --privileged.</summary>
    /// <exception cref="EngineException">InvalidParameter: not a device</exception>
    internal static IReadOnlyList<LinuxDevice> Resolve(HostSettings host)
    {
        if (!host.Privileged && host.Devices.Count == 0)
            return [];
        using var root = SafePath.OpenRoot("/");
        var devices = new List<LinuxDevice>();
        foreach (var wanted in host.Devices)
            devices.Add(
                Read(root, wanted.PathOnHost, wanted.PathInContainer)
                    ?? throw EngineException.Invalid(
                        $"error gathering device information while adding custom device \"{wanted.PathOnHost}\": not a device node"
                    )
            );
        if (host.Privileged)
            foreach (string entry in Directory.EnumerateFileSystemEntries("/dev").Where(e => !Own.Contains(Path.GetFileName(e))))
                foreach (string path in Directory.Exists(entry) ? Directory.EnumerateFiles(entry, "*", SearchOption.AllDirectories) : [entry])
                    if (Read(root, path, path) is { } device)
                        devices.Add(device);
        return devices;
    }

    static LinuxDevice? Read(Fd root, string path, string inside)
    {
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (
            FileAt.TryStatus(root, Encoding.UTF8.GetBytes(target.TrimStart('/')), out var status) != Errno.None
            || status.Kind is not (FileKind.CharacterDevice or FileKind.BlockDevice)
        )
            return null;
        return new LinuxDevice
        {
            Type = status.Kind == FileKind.CharacterDevice ? "c" : "b",
            Path = inside,
            Major = status.Major,
            Minor = status.Minor,
            FileMode = status.Mode & 0xfff,
            Uid = status.Uid,
            Gid = status.Gid,
        };
    }
}
