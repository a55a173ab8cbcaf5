// Where the cgroup hierarchies of this machine are mounted, of version 1 and 2 alike.
using Skiff.Linux.Mounts;

namespace Skiff.Linux.Cgroups;

/// <summary>One mounted hierarchy. cgroups(7).</summary>
/// <param name="MountPoint">its directory on the host</param>
/// <param name="Root">the cgroup that the mount point shows; "/" but inside some containers</param>
/// <param name="Controllers">"memory", "cpu" ...; empty for a named hierarchy and for a v2 one that has none left</param>
/// <param name="Name">of a named v1 hierarchy ("systemd"), else null</param>
public sealed record CgroupHierarchy(string MountPoint, string Root, IReadOnlyList<string> Controllers, string? Name, bool IsV2)
{
    /// <summary>The mount data by which v1 knows this hierarchy: "cpu,cpuacct" or "none,name=systemd".</summary>
    public string MountData => Name is null ? string.Join(',', Controllers) : $"none,name={Name}";

    /// <summary>The key of this hierarchy in <see cref="Own"/>.</summary>
    public string OwnKey =>
        IsV2 ? ""
        : Name is null ? string.Join(',', Controllers)
        : $"name={Name}";

    /// <summary>The hierarchies that this process sees, each once. Reads mountinfo.</summary>
    public static IReadOnlyList<CgroupHierarchy> Detect()
    {
        var found = new List<CgroupHierarchy>();
        foreach (CgroupHierarchy hierarchy in Parse(KernelFile.Read("/proc/self/mountinfo")))
        {
            found.Add(
                hierarchy.IsV2
                    ? hierarchy with
                    {
                        Controllers = Words(KernelFile.Read($"{hierarchy.MountPoint}/cgroup.controllers")),
                    }
                    : hierarchy
            );
        }
        return found;
    }

    /// <summary>From the text of a mountinfo; the controllers of v2 are not in it.</summary>
    internal static IReadOnlyList<CgroupHierarchy> Parse(string mountInfo)
    {
        var found = new List<CgroupHierarchy>();
        var seen = new HashSet<string>();
        foreach (string line in mountInfo.Split('\n'))
        {
            if (!line.Contains(" - cgroup", StringComparison.Ordinal))
                continue;
            MountInfo mount = MountInfo.Parse(line)[0];
            bool isV2 = mount.Type == "cgroup2";
            if (!seen.Add(isV2 ? "2" : mount.SuperOptions))
                continue; // mounted a second time elsewhere
            string? name = null;
            var controllers = new List<string>();
            foreach (string option in isV2 ? [] : mount.SuperOptions.Split(','))
            {
                if (option.StartsWith("name=", StringComparison.Ordinal))
                    name = option[5..];
                else if (!IsMountOption(option))
                    controllers.Add(option);
            }
            found.Add(new CgroupHierarchy(mount.MountPoint, mount.Root, controllers, name, isV2));
        }
        return found;
    }

    /// <summary>The cgroup of this process in each hierarchy: /proc/self/cgroup, by controllers, "name=x", or "" for v2.</summary>
    public static IReadOnlyDictionary<string, string> Own()
    {
        var own = new Dictionary<string, string>();
        foreach (string line in KernelFile.Read("/proc/self/cgroup").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(':', 3); // 4:memory:/path
            own[parts[1]] = parts[2];
        }
        return own;
    }

    internal static string[] Words(string text) => text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    static bool IsMountOption(string option) =>
        option is "rw" or "ro" or "xattr" or "noprefix" or "clone_children" or "none" or "favordynmods" or "cpuset_v2_mode"
        || option.StartsWith("release_agent=", StringComparison.Ordinal);
}
