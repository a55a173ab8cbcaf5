// linux.resources as the files to write: the one table of controllers, for both versions.
using System.Globalization;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Cgroups;

/// <summary>One value for one limit: what it is called in each version, null where a version has no such thing.</summary>
/// <param name="Controller">by its v1 name</param>
/// <param name="What">as config.json calls it, for the error</param>
internal sealed record CgroupWrite(
    string What,
    string Controller,
    (string File, string Value)? V1,
    (string File, string Value)? V2
)
{
    /// <summary>The name in v2 where it is another.</summary>
    public string ControllerV2 => Controller == "blkio" ? "io" : Controller;
}

/// <summary>runtime-spec: config-linux.md, Control groups; cgroup-v2.rst; admin-guide/cgroup-v1. In the order of writing.</summary>
internal static class CgroupWrites
{
    public static IReadOnlyList<CgroupWrite> Of(LinuxResources resources)
    {
        var writes = new List<CgroupWrite>();
        Memory(resources.Memory, writes);
        Cpu(resources.Cpu, writes);
        if (resources.Pids is { Limit: not 0 } pids)
            writes.Add(Same("pids.limit", "pids", "pids.max", OrMax(pids.Limit)));
        BlockIo(resources.BlockIO, writes);
        foreach (LinuxHugepageLimit pages in resources.HugepageLimits ?? [])
        {
            string limit = Text(pages.Limit);
            writes.Add(
                Both(
                    "hugepageLimits",
                    "hugetlb",
                    $"hugetlb.{pages.PageSize}.limit_in_bytes",
                    limit,
                    $"hugetlb.{pages.PageSize}.max",
                    limit
                )
            );
        }
        if (resources.Network?.ClassId is uint id)
            writes.Add(new("network.classID", "net_cls", ("net_cls.classid", Text(id)), null));
        foreach (LinuxInterfacePriority one in resources.Network?.Priorities ?? [])
            writes.Add(new("network.priorities", "net_prio", ("net_prio.ifpriomap", $"{one.Name} {Text(one.Priority)}"), null));
        foreach ((string device, LinuxRdma limits) in resources.Rdma ?? new Dictionary<string, LinuxRdma>())
            writes.Add(Same("rdma", "rdma", "rdma.max", $"{device} {Rdma(limits)}"));
        return writes;
    }

    static string Rdma(LinuxRdma limits) =>
        $"hca_handle={(limits.HcaHandles is uint handles ? Text(handles) : "max")} "
        + $"hca_object={(limits.HcaObjects is uint objects ? Text(objects) : "max")}";

    static void Memory(LinuxMemory? memory, List<CgroupWrite> writes)
    {
        if (memory is null)
            return;
        if (memory.Limit is long limit and not 0)
            writes.Add(Both("memory.limit", "memory", "memory.limit_in_bytes", Text(limit), "memory.max", OrMax(limit)));
        if (memory.Swap is long swap and not 0)
            writes.Add(
                Both(
                    "memory.swap",
                    "memory",
                    "memory.memsw.limit_in_bytes",
                    Text(swap),
                    "memory.swap.max",
                    OrMax(SwapAlone(swap, memory.Limit ?? 0))
                )
            );
        if (memory.Reservation is long reserved and not 0)
            writes.Add(
                Both("memory.reservation", "memory", "memory.soft_limit_in_bytes", Text(reserved), "memory.low", OrMax(reserved))
            );
        if (memory.Swappiness is ulong swappiness)
            writes.Add(new("memory.swappiness", "memory", ("memory.swappiness", Text(swappiness)), null));
        if (memory.DisableOOMKiller == true)
            writes.Add(new("memory.disableOOMKiller", "memory", ("memory.oom_control", "1"), null));
    }

    static void Cpu(LinuxCpu? cpu, List<CgroupWrite> writes)
    {
        if (cpu is null)
            return;
        if (cpu.Shares is ulong shares and not 0)
            writes.Add(Both("cpu.shares", "cpu", "cpu.shares", Text(shares), "cpu.weight", Text(Weight(shares))));
        // Period first: v1 checks a quota against it. In v2 the two are one file.
        string quotaV2 = cpu.Quota is > 0 ? Text(cpu.Quota.Value) : "max";
        ulong period = cpu.Period is > 0 ? cpu.Period.Value : 100_000;
        if (cpu.Period is > 0)
            writes.Add(Both("cpu.period", "cpu", "cpu.cfs_period_us", Text(period), "cpu.max", $"{quotaV2} {Text(period)}"));
        if (cpu.Quota is long quota and not 0)
            writes.Add(Both("cpu.quota", "cpu", "cpu.cfs_quota_us", Text(quota), "cpu.max", $"{quotaV2} {Text(period)}"));
        if (cpu.Burst is ulong burst)
            writes.Add(Both("cpu.burst", "cpu", "cpu.cfs_burst_us", Text(burst), "cpu.max.burst", Text(burst)));
        if (cpu.RealtimePeriod is ulong realtimePeriod and not 0)
            writes.Add(new("cpu.realtimePeriod", "cpu", ("cpu.rt_period_us", Text(realtimePeriod)), null));
        if (cpu.RealtimeRuntime is long realtime and not 0)
            writes.Add(new("cpu.realtimeRuntime", "cpu", ("cpu.rt_runtime_us", Text(realtime)), null));
        if (cpu.Idle is long idle)
            writes.Add(Same("cpu.idle", "cpu", "cpu.idle", Text(idle)));
        if (cpu.Cpus is { Length: > 0 })
            writes.Add(Same("cpu.cpus", "cpuset", "cpuset.cpus", cpu.Cpus));
        if (cpu.Mems is { Length: > 0 })
            writes.Add(Same("cpu.mems", "cpuset", "cpuset.mems", cpu.Mems));
    }

    static void BlockIo(LinuxBlockIO? io, List<CgroupWrite> writes)
    {
        if (io is null)
            return;
        if (io.Weight is ushort weight and not 0)
            writes.Add(Both("blockIO.weight", "blkio", "blkio.bfq.weight", Text(weight), "io.bfq.weight", Text(weight)));
        if (io.LeafWeight is ushort leaf and not 0)
            writes.Add(new("blockIO.leafWeight", "blkio", ("blkio.leaf_weight", Text(leaf)), null));
        foreach (LinuxWeightDevice device in io.WeightDevice ?? [])
        {
            string value = $"{device.Major}:{device.Minor} {device.Weight}";
            writes.Add(Both("blockIO.weightDevice", "blkio", "blkio.bfq.weight_device", value, "io.bfq.weight", value));
        }
        Throttle("throttleReadBpsDevice", "read_bps", "rbps", io.ThrottleReadBpsDevice, writes);
        Throttle("throttleWriteBpsDevice", "write_bps", "wbps", io.ThrottleWriteBpsDevice, writes);
        Throttle("throttleReadIOPSDevice", "read_iops", "riops", io.ThrottleReadIOPSDevice, writes);
        Throttle("throttleWriteIOPSDevice", "write_iops", "wiops", io.ThrottleWriteIOPSDevice, writes);
    }

    static void Throttle(string what, string v1, string v2, IReadOnlyList<LinuxThrottleDevice>? devices, List<CgroupWrite> writes)
    {
        foreach (LinuxThrottleDevice device in devices ?? [])
        {
            string number = $"{device.Major}:{device.Minor}";
            string file = $"blkio.throttle.{v1}_device";
            writes.Add(
                Both($"blockIO.{what}", "blkio", file, $"{number} {device.Rate}", "io.max", $"{number} {v2}={device.Rate}")
            );
        }
    }

    /// <summary>v1 limits memory and swap together, v2 swap alone.</summary>
    internal static long SwapAlone(long together, long memory) => together < 0 || memory <= 0 ? -1 : together - memory;

    /// <summary>Shares 2..262144 onto weights 1..10000, as runc does it.</summary>
    internal static ulong Weight(ulong shares) => 1 + (((Math.Clamp(shares, 2, 262_144) - 2) * 9999) / 262_142);

    static string OrMax(long value) => value < 0 ? "max" : Text(value);

    static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    static CgroupWrite Same(string what, string controller, string file, string value) =>
        new(what, controller, (file, value), (file, value));

    static CgroupWrite Both(string what, string controller, string v1, string valueV1, string v2, string valueV2) =>
        new(what, controller, (v1, valueV1), (v2, valueV2));
}
