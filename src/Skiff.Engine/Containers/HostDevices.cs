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
    static readonly HashSet<string> Own =
    [
        "pts",
        "shm",
        "mqueue",
        "fd",
        "console",
        "ptmx",
        "tty",
        "null",
        "zero",
        "full",
        "random",
        "urandom",
    ];

    /// <summary>The nodes of --device, or all of /dev for --privileged.</summary>
    /// <exception cref="EngineException">InvalidParameter: not a device</exception>
    internal static IReadOnlyList<LinuxDevice> Resolve(HostSettings host)
    {
        if (!host.Privileged && host.Devices.Count == 0)
            return [];
        using var root = SafePath.OpenRoot("/");
        var devices = new List<LinuxDevice>();
        foreach (var wanted in host.Devices)
            devices.AddRange(Named(root, wanted));
        if (host.Privileged)
            foreach (string entry in Directory.EnumerateFileSystemEntries("/dev"))
                if (!Own.Contains(Path.GetFileName(entry)))
                    devices.AddRange(Below(root, entry, entry));
        return [.. devices.DistinctBy(d => d.Path)];
    }

    /// <summary>A device that the user names may be behind a link, or a directory of devices: "/dev/snd".</summary>
    static List<LinuxDevice> Named(Fd root, DeviceRequest wanted)
    {
        string path = Path.Exists(wanted.PathOnHost)
            ? File.ResolveLinkTarget(wanted.PathOnHost, returnFinalTarget: true)?.FullName ?? wanted.PathOnHost
            : wanted.PathOnHost;
        var found = Below(root, path, wanted.PathInContainer).ToList();
        return found.Count > 0
            ? found
            : throw EngineException.Invalid(
                $"error gathering device information while adding custom device \"{wanted.PathOnHost}\": "
                    + (Path.Exists(path) ? "not a device node" : "no such file or directory")
            );
    }

    /// <summary>A node, or all below a directory. Links are left out: they lead to nodes that are there by their own names.</summary>
    static IEnumerable<LinuxDevice> Below(Fd root, string path, string inside)
    {
        if (FileAt.TryStatus(root, Encoding.UTF8.GetBytes(path.TrimStart('/')), out var status) != Errno.None)
            yield break;
        if (status.Kind == FileKind.Directory)
            foreach (string entry in Directory.EnumerateFileSystemEntries(path))
            foreach (var device in Below(root, entry, $"{inside}/{Path.GetFileName(entry)}"))
                yield return device;
        if (status.Kind is FileKind.CharacterDevice or FileKind.BlockDevice)
            yield return new LinuxDevice
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
