// skiff-runtime spec: a config.json to begin with.
using System.Text;
using Skiff.Linux.Files;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>spec [--bundle DIR]: a shell in a root filesystem called rootfs, with few rights.</summary>
internal static class SpecCommand
{
    public static int Run(ReadOnlySpan<string> given)
    {
        var arguments = Arguments.Parse("spec", given, ["bundle|b"], ["rootless"]);
        if (arguments.Has("rootless"))
            throw new UsageException("not supported by this runtime: spec --rootless");
        string file = Path.Combine(Path.GetFullPath(arguments.Value("bundle") ?? "."), "config.json");
        if (File.Exists(file))
            throw new LaunchException(FailureKind.WrongState, $"file {file} exists: remove it first");
        AtomicFile.Write(file, Encoding.UTF8.GetBytes(Text), durable: false);
        return 0;
    }

    internal const string Text = """
        {
          "ociVersion": "1.2.1",
          "process": {
            "terminal": true,
            "user": { "uid": 0, "gid": 0 },
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {
              "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
              "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
              "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
            "noNewPrivileges": true
          },
          "root": { "path": "rootfs", "readonly": true },
          "hostname": "skiff",
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
            { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
            { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
          ],
          "linux": {
            "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
            "namespaces": [
              { "type": "pid" },
              { "type": "network" },
              { "type": "ipc" },
              { "type": "uts" },
              { "type": "mount" },
              { "type": "cgroup" }
            ],
            "maskedPaths": [
              "/proc/acpi",
              "/proc/asound",
              "/proc/kcore",
              "/proc/keys",
              "/proc/latency_stats",
              "/proc/timer_list",
              "/proc/timer_stats",
              "/proc/sched_debug",
              "/proc/scsi",
              "/sys/firmware"
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
          }
        }

        """;
}
