// Docker's defaults: what every container gets unless its settings say otherwise.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

public static class DefaultSpec
{
    internal const string Path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    internal const long ShmSizeBytes = 64 << 20;

    internal static readonly string[] Capabilities =
    [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_MKNOD",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ];

    public static readonly IReadOnlyList<string> MaskedPaths =
    [
        "/proc/asound",
        "/proc/acpi",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ];

    public static readonly IReadOnlyList<string> ReadonlyPaths =
    [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
    ];

    /// <summary>The device rules of a container: deny all, then what every program may expect.</summary>
    internal static readonly LinuxDeviceRule[] DeviceRules =
    [
        new() { Allow = false, Access = "rwm" },
        Allow("c", null, null, "m"),
        Allow("b", null, null, "m"),
        Allow("c", 1, 3, "rwm"), // null
        Allow("c", 1, 5, "rwm"), // zero
        Allow("c", 1, 7, "rwm"), // full
        Allow("c", 1, 8, "rwm"), // random
        Allow("c", 1, 9, "rwm"), // urandom
        Allow("c", 5, 0, "rwm"), // tty
        Allow("c", 5, 1, "rwm"), // console
        Allow("c", 5, 2, "rwm"), // ptmx
        Allow("c", 136, null, "rwm"), // pts
    ];

    internal static LinuxDeviceRule Allow(string type, long? major, long? minor, string access) =>
        new()
        {
            Allow = true,
            Type = type,
            Major = major,
            Minor = minor,
            Access = access,
        };

    /// <summary>Of the tmpfs at /dev/shm.</summary>
    internal static string[] SharedMemoryOptions(HostSettings host) =>
        ["mode=1777", $"size={(host.ShmSizeBytes > 0 ? host.ShmSizeBytes : ShmSizeBytes)}"];

    /// <summary>The mounts of every container below its root, in order.</summary>
    /// <param name="sharedMemory">a path of the host for /dev/shm, or null</param>
    /// <param name="mapped">options of what is seen through the container's own users</param>
    internal static IEnumerable<SpecMount> Mounts(HostSettings host, string? sharedMemory, string[] mapped)
    {
        string[] access = host.Privileged ? [] : ["ro"];
        yield return Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev");
        yield return Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
        yield return Mount(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"
        );
        yield return Mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", .. access]);
        yield return Mount("/sys/fs/cgroup", "cgroup", "cgroup", [.. access, "nosuid", "noexec", "nodev"]);
        yield return Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
        if (host.IpcMode == "host")
            yield return Bind("/dev/shm", "/dev/shm", "rbind", "rprivate");
        else if (sharedMemory is not null)
            yield return Bind(sharedMemory, "/dev/shm", [.. mapped, "bind", "nosuid", "noexec", "nodev", "rprivate"]);
        else if (host.IpcMode != "none")
            yield return Mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", .. SharedMemoryOptions(host)]);
    }

    static SpecMount Mount(string destination, string type, string source, params string[] options) =>
        new()
        {
            Destination = destination,
            Type = type,
            Source = source,
            Options = options,
        };

    internal static SpecMount Bind(string source, string destination, params string[] options) =>
        new()
        {
            Destination = destination,
            Type = "bind",
            Source = source,
            Options = options,
        };
}
