// Facts about this machine that `info` and `version` show.
using System.Globalization;
using System.Runtime.InteropServices;
using Skiff.Engine.Bundles;
using Skiff.Linux.Cgroups;

namespace Skiff.Engine.Host;

public sealed record HostInfo
{
    public required string Hostname { get; init; }
    public required string KernelVersion { get; init; }

    /// <summary>PRETTY_NAME of os-release(5).</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>VERSION_ID of os-release(5).</summary>
    public required string OSVersion { get; init; }

    /// <summary>uname -m: "x86_64".</summary>
    public required string Machine { get; init; }
    public int Processors { get; init; }
    public long MemoryBytes { get; init; }

    /// <summary>2 if the memory controller is in the unified hierarchy, else 1.</summary>
    public int CgroupVersion { get; init; }
    public bool MemoryLimit { get; init; }
    public bool SwapLimit { get; init; }
    public bool PidsLimit { get; init; }
    public bool CpuQuota { get; init; }
    public bool CpuShares { get; init; }
    public bool Cpuset { get; init; }
    public bool Ipv4Forwarding { get; init; }
    public bool Seccomp { get; init; }
    public bool AppArmor { get; init; }

    /// <summary>As the machine is now.</summary>
    public static HostInfo Read()
    {
        var release = Release();
        var root = new Cgroup(CgroupHierarchy.Detect(), "/");
        var memory = root.Find("memory");
        bool cpu = root.Find("cpu") is not null;
        return new HostInfo
        {
            Hostname = Environment.MachineName,
            KernelVersion = Text("/proc/sys/kernel/osrelease"),
            OperatingSystem = release.GetValueOrDefault("PRETTY_NAME", "Linux"),
            OSVersion = release.GetValueOrDefault("VERSION_ID", ""),
            Machine = RuntimeInformation.OSArchitecture switch
            {
                Architecture.X64 => "x86_64",
                Architecture.Arm64 => "aarch64",
                var other => other.ToString().ToLowerInvariant(),
            },
            // Not Environment.ProcessorCount, which is less where the engine itself is limited.
            Processors = (int)HostFacts.OnlineCpus().Count,
            MemoryBytes = TotalMemory(),
            CgroupVersion = memory is { IsV2: true } ? 2 : 1,
            MemoryLimit = memory is not null,
            SwapLimit = memory is { } m && (m.IsV2 || File.Exists($"{m.Directory}/memory.memsw.limit_in_bytes")),
            PidsLimit = root.Find("pids") is not null,
            CpuQuota = cpu,
            CpuShares = cpu,
            Cpuset = root.Find("cpuset") is not null,
            Ipv4Forwarding = Text("/proc/sys/net/ipv4/ip_forward") == "1",
            Seccomp = File.Exists("/proc/sys/kernel/seccomp/actions_avail"),
            AppArmor = Text("/sys/module/apparmor/parameters/enabled").StartsWith('Y'),
        };
    }

    // proc_meminfo(5): "MemTotal:       24689232 kB"
    static long TotalMemory()
    {
        string line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        string kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) << 10;
    }

    static Dictionary<string, string> Release()
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in (string[])["/etc/os-release", "/usr/lib/os-release"])
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
            if (line.Split('=', 2) is [var key, var value])
                values.TryAdd(key, value.Trim('"', '\''));
        return values;
    }

    static string Text(string path) => File.Exists(path) ? File.ReadAllText(path).TrimEnd() : "";
}
