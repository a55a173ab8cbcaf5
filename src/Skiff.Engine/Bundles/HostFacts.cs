// What bundles depend on of this machine.
using Skiff.Linux;
using Skiff.Linux.Processes;

namespace Skiff.Engine.Bundles;

/// <summary>What a bundle depends on of this machine.</summary>
public sealed record HostFacts
{
    /// <summary>"amd64" or "arm64".</summary>
    public required string Architecture { get; init; }
    public required Version Kernel { get; init; }
    public bool AppArmor { get; init; }
    public bool SELinux { get; init; }

    /// <summary>The AppArmor profile of containers that name none; null: there is none on this machine.</summary>
    public string? AppArmorProfile { get; init; }

    /// <summary>Names, with CAP_, of what the engine has to give: the most that a container can get.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Processors and memory nodes that are online.</summary>
    public NumberRanges Cpus { get; init; } = NumberRanges.Zero;
    public NumberRanges MemoryNodes { get; init; } = NumberRanges.Zero;

    /// <summary>Paths to be masked of this machine only, beside those of every machine.</summary>
    public IReadOnlyList<string> MaskedPaths { get; init; } = [];

    /// <summary>mount_setattr(2), which can make a mount read-only with all below it, is there since Linux 5.12.</summary>
    internal bool RecursiveReadOnly => Kernel >= new Version(5, 12);

    /// <summary>As the machine is now.</summary>
    public static HostFacts Read() =>
        new()
        {
            Architecture = EngineOptions.HostPlatform.Architecture,
            Kernel = Environment.OSVersion.Version,
            AppArmor = KernelFile.TryRead("/sys/module/apparmor/parameters/enabled")?.StartsWith('Y') == true,
            SELinux = File.Exists("/sys/fs/selinux/enforce"),
            Capabilities = Skiff.Linux.Processes.Capabilities.Available(),
            Cpus = OnlineCpus(),
            MemoryNodes = Online("/sys/devices/system/node/online"),
            // A processor's heat tells what others compute on it: masked as Docker does.
            MaskedPaths = Directory.Exists("/sys/devices/system/cpu")
                ?
                [
                    .. Directory
                        .EnumerateDirectories("/sys/devices/system/cpu", "cpu*")
                        .Select(d => d + "/thermal_throttle")
                        .Where(Directory.Exists)
                        .Order(StringComparer.Ordinal),
                ]
                : [],
        };

    internal static NumberRanges OnlineCpus() => Online("/sys/devices/system/cpu/online");

    static NumberRanges Online(string path) =>
        NumberRanges.TryParse((KernelFile.TryRead(path) ?? "0").Trim()) ?? NumberRanges.Zero;
}
