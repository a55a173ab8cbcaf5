// What the kernel has counted for a cgroup: processor time, memory, processes, block I/O, in one shape for v1 and v2.
using System.Globalization;

namespace Skiff.Linux.Cgroups;

/// <summary>Bytes or operations of one device. Operation as the kernel names it: "Read", "Write" (v1), "read", "write" (v2).</summary>
public sealed record BlockCounter(ulong Major, ulong Minor, string Operation, ulong Value);

/// <summary>
/// Counters of one moment; times in nanoseconds, sizes in bytes. What a machine's controllers do not count is 0 or empty.
/// </summary>
public sealed record CgroupCounters
{
    public ulong CpuTotalNanoseconds { get; init; }
    public ulong CpuUserNanoseconds { get; init; }
    public ulong CpuKernelNanoseconds { get; init; }

    /// <summary>By processor; v1 only, empty on v2.</summary>
    public IReadOnlyList<ulong> CpuOfEachNanoseconds { get; init; } = [];
    public ulong CpuPeriods { get; init; }
    public ulong CpuThrottledPeriods { get; init; }
    public ulong CpuThrottledNanoseconds { get; init; }

    public ulong MemoryBytes { get; init; }
    public ulong MemoryMaxBytes { get; init; }

    /// <summary>Times that the limit was hit; v1 only.</summary>
    public ulong MemoryFailures { get; init; }

    /// <summary>ulong.MaxValue: none.</summary>
    public ulong MemoryLimitBytes { get; init; } = ulong.MaxValue;

    /// <summary>memory.stat as it is.</summary>
    public IReadOnlyDictionary<string, ulong> Memory { get; init; } = new Dictionary<string, ulong>();

    public ulong Processes { get; init; }

    /// <summary>ulong.MaxValue: none.</summary>
    public ulong ProcessLimit { get; init; } = ulong.MaxValue;

    public IReadOnlyList<BlockCounter> BlockBytes { get; init; } = [];
    public IReadOnlyList<BlockCounter> BlockOperations { get; init; } = [];

    // /proc/stat and cpuacct.stat count in USER_HZ, which is 100 on every architecture we run on: time(7).
    internal const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>Reads what is there; a cgroup that is gone has counted nothing.</summary>
    public static CgroupCounters Read(Cgroup cgroup)
    {
        var counters = new CgroupCounters();
        if (cgroup.Find("memory") is var (memory, memoryIsV2))
            counters = memoryIsV2 ? MemoryV2(counters, memory) : MemoryV1(counters, memory);
        // v2 counts processor time in every cgroup, whether or not it has the controller.
        if (cgroup.Find("cpuacct") is var (accounting, isV2) && !isV2)
            counters = CpuV1(counters, accounting, cgroup.Find("cpu")?.Directory);
        else if (cgroup.UnifiedDirectory is { } unified)
            counters = CpuV2(counters, unified);
        if (cgroup.Find("pids") is var (pids, _))
            counters = counters with
            {
                Processes = One($"{pids}/pids.current"),
                ProcessLimit = One($"{pids}/pids.max", ulong.MaxValue),
            };
        if (cgroup.Find("blkio") is var (blkio, blkioIsV2) && !blkioIsV2)
            counters = counters with
            {
                BlockBytes = BlockV1(
                    KernelFile.TryRead($"{blkio}/blkio.throttle.io_service_bytes_recursive")
                        ?? KernelFile.TryRead($"{blkio}/blkio.throttle.io_service_bytes")
                ),
                BlockOperations = BlockV1(
                    KernelFile.TryRead($"{blkio}/blkio.throttle.io_serviced_recursive")
                        ?? KernelFile.TryRead($"{blkio}/blkio.throttle.io_serviced")
                ),
            };
        else if (cgroup.Find("io") is var (io, _))
        {
            string? text = KernelFile.TryRead($"{io}/io.stat");
            counters = counters with
            {
                BlockBytes = BlockV2(text, "rbytes", "wbytes"),
                BlockOperations = BlockV2(text, "rios", "wios"),
            };
        }
        return counters;
    }

    /// <summary>Time that all processors have spent on anything, guests' time counted once: proc_stat(5).</summary>
    public static ulong SystemCpuNanoseconds() => SystemCpuNanoseconds(KernelFile.Read("/proc/stat"));

    internal static ulong SystemCpuNanoseconds(string procStat)
    {
        // cpu  user nice system idle iowait irq softirq steal guest guest_nice; guest is in user already
        string[] words = procStat[..procStat.IndexOf('\n', StringComparison.Ordinal)]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ulong ticks = 0;
        foreach (string word in words.AsSpan(1, Math.Min(8, words.Length - 1)))
            ticks += ulong.Parse(word, CultureInfo.InvariantCulture);
        return ticks * NanosecondsPerTick;
    }

    static CgroupCounters MemoryV1(CgroupCounters counters, string directory) =>
        counters with
        {
            MemoryBytes = One($"{directory}/memory.usage_in_bytes"),
            MemoryMaxBytes = One($"{directory}/memory.max_usage_in_bytes"),
            MemoryFailures = One($"{directory}/memory.failcnt"),
            MemoryLimitBytes = One($"{directory}/memory.limit_in_bytes", ulong.MaxValue),
            Memory = Pairs(KernelFile.TryRead($"{directory}/memory.stat")),
        };

    static CgroupCounters MemoryV2(CgroupCounters counters, string directory) =>
        counters with
        {
            MemoryBytes = One($"{directory}/memory.current"),
            MemoryLimitBytes = One($"{directory}/memory.max", ulong.MaxValue),
            Memory = Pairs(KernelFile.TryRead($"{directory}/memory.stat")),
        };

    static CgroupCounters CpuV1(CgroupCounters counters, string accounting, string? cpu)
    {
        var split = Pairs(KernelFile.TryRead($"{accounting}/cpuacct.stat"));
        var throttling = Pairs(cpu is null ? null : KernelFile.TryRead($"{cpu}/cpu.stat"));
        return counters with
        {
            CpuTotalNanoseconds = One($"{accounting}/cpuacct.usage"),
            CpuOfEachNanoseconds =
            [
                .. CgroupHierarchy
                    .Words(KernelFile.TryRead($"{accounting}/cpuacct.usage_percpu") ?? "")
                    .Select(w => ulong.Parse(w, CultureInfo.InvariantCulture)),
            ],
            CpuUserNanoseconds = split.GetValueOrDefault("user") * NanosecondsPerTick,
            CpuKernelNanoseconds = split.GetValueOrDefault("system") * NanosecondsPerTick,
            CpuPeriods = throttling.GetValueOrDefault("nr_periods"),
            CpuThrottledPeriods = throttling.GetValueOrDefault("nr_throttled"),
            CpuThrottledNanoseconds = throttling.GetValueOrDefault("throttled_time"),
        };
    }

    static CgroupCounters CpuV2(CgroupCounters counters, string directory)
    {
        var stat = Pairs(KernelFile.TryRead($"{directory}/cpu.stat"));
        return counters with
        {
            CpuTotalNanoseconds = stat.GetValueOrDefault("usage_usec") * 1000,
            CpuUserNanoseconds = stat.GetValueOrDefault("user_usec") * 1000,
            CpuKernelNanoseconds = stat.GetValueOrDefault("system_usec") * 1000,
            CpuPeriods = stat.GetValueOrDefault("nr_periods"),
            CpuThrottledPeriods = stat.GetValueOrDefault("nr_throttled"),
            CpuThrottledNanoseconds = stat.GetValueOrDefault("throttled_usec") * 1000,
        };
    }

    /// <summary>"8:0 Read 4096", and a last line "Total 4096".</summary>
    internal static List<BlockCounter> BlockV1(string? text)
    {
        var counters = new List<BlockCounter>();
        foreach (string line in (text ?? "").Split('\n'))
            if (line.Split([' ', ':']) is [var major, var minor, var operation, var value])
                counters.Add(new BlockCounter(Number(major), Number(minor), operation, Number(value)));
        return counters;
    }

    /// <summary>"8:0 rbytes=90112 wbytes=0 rios=5 wios=0 dbytes=0 dios=0".</summary>
    internal static List<BlockCounter> BlockV2(string? text, string read, string write)
    {
        var counters = new List<BlockCounter>();
        foreach (string line in (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            if (words[0].Split(':') is not [var major, var minor])
                continue;
            foreach (string word in words)
                if (word.Split('=') is [var key, var value] && (key == read || key == write))
                    counters.Add(new BlockCounter(Number(major), Number(minor), key == read ? "read" : "write", Number(value)));
        }
        return counters;
    }

    static Dictionary<string, ulong> Pairs(string? text)
    {
        var pairs = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var line in (text ?? "").AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space > 0 && ulong.TryParse(line[(space + 1)..], CultureInfo.InvariantCulture, out ulong value))
                pairs[line[..space].ToString()] = value;
        }
        return pairs;
    }

    /// <summary>"max" is no number: then the other value.</summary>
    static ulong One(string path, ulong otherwise = 0) =>
        ulong.TryParse(KernelFile.TryRead(path).AsSpan().Trim(), CultureInfo.InvariantCulture, out ulong value)
            ? value
            : otherwise;

    static ulong Number(string text) => ulong.TryParse(text, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
