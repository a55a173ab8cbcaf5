// Refuses what config.json must not say, and what it may say but this runtime does not do. Nothing is ignored.
using Skiff.Linux.Processes;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.Systemd;
using Skiff.Tasks;

namespace Skiff.Runtime.Bundles;

internal static class SpecValidator
{
    static readonly string[] IpcSysctls =
    [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];

    /// <exception cref="LaunchException">names the member and says what is wrong with it</exception>
    public static void Check(Spec spec)
    {
        Require(spec.OciVersion.StartsWith("1.", StringComparison.Ordinal), $"ociVersion {spec.OciVersion} is not 1.x");
        Require(spec.Root is not null, "root is missing");
        Require(spec.Process is not null, "process is missing");
        CheckHooks(spec.Hooks);
        LinuxSpec linux = spec.Linux ?? new LinuxSpec();
        CheckNamespaces(linux);
        CheckLinux(linux);
        CheckSysctls(spec, linux);
        foreach (SpecMount mount in spec.Mounts ?? [])
        {
            Require(mount.Destination.StartsWith('/'), $"mount destination {mount.Destination} is not absolute");
            Require(
                mount.UidMappings is { Count: > 0 } == mount.GidMappings is { Count: > 0 },
                $"the mount of {mount.Destination} has mappings for users or for groups only"
            );
            MountOptions options = MountOptions.Parse(mount.Destination, mount.Options ?? []);
            Require(!options.CopyUp || mount.Type == "tmpfs", $"the mount of {mount.Destination} is no tmpfs to copy up to");
            bool mapped = options.IdMap || mount.UidMappings is { Count: > 0 };
            Require(
                !options.IdMap || mount.UidMappings is { Count: > 0 } || IdMaps.HasUserNamespace(linux),
                $"the mount of {mount.Destination} shall map ids, but there are no mappings"
            );
            Refuse(
                mapped && !LaunchInputs.IsBind(mount) && mount is not { Type: "overlay", Destination: "/" },
                $"ID-mapped mounts of type {mount.Type}"
            );
        }
        foreach (LinuxDevice device in linux.Devices ?? [])
        {
            Require(device.Path.StartsWith('/'), $"device path {device.Path} is not absolute");
            Require(device.Type is "c" or "b" or "u" or "p", $"device type {device.Type} is none of c, b, u, p");
        }
        CheckProcess(spec.Process!);
    }

    /// <summary>The process of config.json or of an exec.</summary>
    public static void CheckProcess(SpecProcess process)
    {
        Require(process.Args is { Count: > 0 }, "process.args is empty");
        Require(process.Cwd.StartsWith('/'), $"process.cwd {process.Cwd} is not absolute");
        string? unknown = SchedulingPlan.Unknown(process);
        Require(unknown is null, $"there is no {unknown}");
        foreach (string? list in (ReadOnlySpan<string?>)[process.ExecCpuAffinity?.Initial, process.ExecCpuAffinity?.Final])
            Require(list is null or "" || SchedulingPlan.Processors(list) is not null, $"execCPUAffinity {list} is no list");
        IEnumerable<string> texts = [.. process.Args!, .. process.Env ?? [], process.Cwd];
        Require(!texts.Any(t => t.Contains('\0', StringComparison.Ordinal)), "process holds a zero byte");
        foreach (SpecRlimit limit in process.Rlimits ?? [])
            Require(Rlimits.TryParse(limit.Type) is not null, $"there is no resource limit {limit.Type}");
        if (process.Capabilities is LinuxCapabilities c)
        {
            IEnumerable<string> all =
            [
                .. c.Bounding ?? [],
                .. c.Effective ?? [],
                .. c.Inheritable ?? [],
                .. c.Permitted ?? [],
                .. c.Ambient ?? [],
            ];
            foreach (string name in all)
                Require(Capabilities.TryParse(name) is not null, $"there is no capability {name}");
        }
    }

    static void CheckHooks(SpecHooks? hooks)
    {
        IEnumerable<SpecHook> all =
        [
            .. hooks?.Prestart ?? [],
            .. hooks?.CreateRuntime ?? [],
            .. hooks?.CreateContainer ?? [],
            .. hooks?.StartContainer ?? [],
            .. hooks?.Poststart ?? [],
            .. hooks?.Poststop ?? [],
        ];
        foreach (SpecHook hook in all)
        {
            Require(hook.Path.StartsWith('/'), $"the path of hook {hook.Path} is not absolute");
            Require(hook.Timeout is null or > 0, $"the timeout of hook {hook.Path} is not above 0");
        }
    }

    static void CheckNamespaces(LinuxSpec linux)
    {
        var seen = new HashSet<string>();
        foreach (LinuxNamespace ns in linux.Namespaces ?? [])
        {
            Require(seen.Add(ns.Type), $"linux.namespaces names {ns.Type} twice");
            Require(
                ns.Type is "time" or "user" or "mount" or "pid" or "network" or "ipc" or "uts" or "cgroup",
                $"there is no {ns.Type} namespace"
            );
            Refuse(ns is { Type: "mount", Path.Length: > 0 }, "joining a mount namespace");
        }
        Refuse(!seen.Contains("mount"), "a container without a mount namespace");
    }

    static void CheckLinux(LinuxSpec linux)
    {
        bool mapped = linux.UidMappings is { Count: > 0 } && linux.GidMappings is { Count: > 0 };
        Require(
            mapped || linux.Namespaces?.Any(n => n is { Type: "user", Path: null or "" }) != true,
            "a new user namespace needs linux.uidMappings and linux.gidMappings"
        );
        Require(
            IdMaps.HasUserNamespace(linux) || (linux.UidMappings ?? []).Count + (linux.GidMappings ?? []).Count == 0,
            "ID mappings need a user namespace"
        );
        foreach (var (clock, offset) in linux.TimeOffsets ?? new Dictionary<string, TimeOffset>())
        {
            Require(clock is "monotonic" or "boottime", $"linux.timeOffsets has no clock {clock}");
            Require(offset.Nanosecs < 1_000_000_000, $"linux.timeOffsets.{clock} has a second or more of nanoseconds");
            Require(
                linux.Namespaces?.Any(n => n is { Type: "time", Path: null or "" }) == true,
                "linux.timeOffsets needs a new time namespace"
            );
        }
        Refuse(linux.IntelRdt is not null, "linux.intelRdt");
        Refuse(linux.NetDevices is { Count: > 0 }, "linux.netDevices");
        Refuse(linux.MemoryPolicy is not null, "linux.memoryPolicy");
        foreach (LinuxHugepageLimit pages in linux.Resources?.HugepageLimits ?? [])
            Require(pages.PageSize.All(char.IsAsciiLetterOrDigit), $"there is no page size {pages.PageSize}");
        Require(
            linux.Personality is null or { Domain: "LINUX" or "LINUX32" },
            $"there is no personality {linux.Personality?.Domain}"
        );
        Refuse(linux.Personality?.Flags is { Count: > 0 }, "linux.personality.flags");
        Refuse(linux.Seccomp?.ListenerPath is { Length: > 0 }, "linux.seccomp.listenerPath");
        string? cgroup = linux.CgroupsPath;
        SystemdScope.Parse(cgroup);
        Require(cgroup?.Split('/').Contains("..") != true, $"linux.cgroupsPath {cgroup} has a \"..\"");
        Require(
            linux.RootfsPropagation
                is null
                    or ""
                    or "private"
                    or "slave"
                    or "shared"
                    or "unbindable"
                    or "rprivate"
                    or "rslave"
                    or "rshared"
                    or "runbindable",
            $"there is no propagation {linux.RootfsPropagation}"
        );
    }

    /// <summary>A sysctl that is not of a namespace of the container's would change the host.</summary>
    static void CheckSysctls(Spec spec, LinuxSpec linux)
    {
        foreach (string key in (linux.Sysctl ?? new Dictionary<string, string>()).Keys)
        {
            string name = key.Replace('/', '.');
            bool own =
                name.StartsWith("net.", StringComparison.Ordinal) ? Has("network")
                : name.StartsWith("fs.mqueue.", StringComparison.Ordinal) || IpcSysctls.Contains(name) ? Has("ipc")
                : name == "kernel.domainname" && Has("uts");
            Require(own, $"sysctl \"{key}\" is not in a separate kernel namespace");
            Require(!name.Split('.').Contains(""), $"sysctl \"{key}\" is malformed");
        }
        Require(spec.Hostname is null or "" || Has("uts"), "hostname needs a uts namespace");
        Require(spec.Domainname is null or "" || Has("uts"), "domainname needs a uts namespace");

        bool Has(string type) => linux.Namespaces?.Any(n => n.Type == type) == true;
    }

    static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new LaunchException(FailureKind.Other, $"invalid config.json: {otherwise}");
    }

    static void Refuse(bool asked, string what)
    {
        if (asked)
            throw new LaunchException(FailureKind.Other, $"not supported by this runtime: {what}");
    }
}
