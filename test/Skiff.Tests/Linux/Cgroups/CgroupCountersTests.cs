// The kernel's counter files, of both versions, read into one shape.
using Skiff.Linux.Cgroups;
using Skiff.Linux.Netlink;

namespace Skiff.Tests.Linux.Cgroups;

public sealed class CgroupCountersTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("skiff-counters-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Version_1_is_read_from_the_directory_of_each_controller()
    {
        Write("memory/box/memory.usage_in_bytes", "651264\n");
        Write("memory/box/memory.max_usage_in_bytes", "4886528\n");
        Write("memory/box/memory.limit_in_bytes", "104857600\n");
        Write("memory/box/memory.failcnt", "3\n");
        Write("memory/box/memory.stat", "cache 4096\ntotal_inactive_file 1024\n");
        Write("cpuacct/box/cpuacct.usage", "113189968\n");
        Write("cpuacct/box/cpuacct.usage_percpu", "3611510 109578458 \n");
        Write("cpuacct/box/cpuacct.stat", "user 9\nsystem 2\n");
        Write("cpu/box/cpu.stat", "nr_periods 5\nnr_throttled 2\nthrottled_time 777\n");
        Write("pids/box/pids.current", "1\n");
        Write("pids/box/pids.max", "max\n");
        Write("blkio/box/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write 12288\nTotal 16384\n");
        var hierarchies = ((string[])["memory", "cpuacct", "cpu", "pids", "blkio"]).Select(c => new CgroupHierarchy(
            Path.Combine(root, c),
            "/",
            [c],
            null,
            false
        ));

        var counters = CgroupCounters.Read(new Cgroup([.. hierarchies], "/box"));

        Assert.Equal(
            (651264UL, 4886528UL, 104857600UL, 3UL),
            (counters.MemoryBytes, counters.MemoryMaxBytes, counters.MemoryLimitBytes, counters.MemoryFailures)
        );
        Assert.Equal(1024UL, counters.Memory["total_inactive_file"]);
        Assert.Equal(
            (113189968UL, 90_000_000UL, 20_000_000UL),
            (counters.CpuTotalNanoseconds, counters.CpuUserNanoseconds, counters.CpuKernelNanoseconds)
        );
        Assert.Equal([3611510UL, 109578458UL], counters.CpuOfEachNanoseconds);
        Assert.Equal((5UL, 2UL, 777UL), (counters.CpuPeriods, counters.CpuThrottledPeriods, counters.CpuThrottledNanoseconds));
        Assert.Equal((1UL, ulong.MaxValue), (counters.Processes, counters.ProcessLimit));
        Assert.Equal([new BlockCounter(8, 0, "Read", 4096), new BlockCounter(8, 0, "Write", 12288)], counters.BlockBytes);
    }

    [Fact]
    public void Version_2_is_read_from_one_directory()
    {
        Write("box/memory.current", "4096\n");
        Write("box/memory.max", "max\n");
        Write("box/memory.stat", "anon 1\ninactive_file 2\n");
        Write("box/cpu.stat", "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 1\nnr_throttled 1\nthrottled_usec 9\n");
        Write("box/pids.current", "2\n");
        Write("box/pids.max", "50\n");
        Write("box/io.stat", "254:0 rbytes=90112 wbytes=1 rios=5 wios=6 dbytes=0 dios=0\n");
        var unified = new CgroupHierarchy(root, "/", ["memory", "pids", "io"], null, true);

        var counters = CgroupCounters.Read(new Cgroup([unified], "/box"));

        Assert.Equal(
            (4096UL, ulong.MaxValue, 2UL),
            (counters.MemoryBytes, counters.MemoryLimitBytes, counters.Memory["inactive_file"])
        );
        Assert.Equal(
            (7000UL, 4000UL, 3000UL, 9000UL),
            (
                counters.CpuTotalNanoseconds,
                counters.CpuUserNanoseconds,
                counters.CpuKernelNanoseconds,
                counters.CpuThrottledNanoseconds
            )
        );
        Assert.Empty(counters.CpuOfEachNanoseconds);
        Assert.Equal((2UL, 50UL), (counters.Processes, counters.ProcessLimit));
        Assert.Equal([new BlockCounter(254, 0, "read", 90112), new BlockCounter(254, 0, "write", 1)], counters.BlockBytes);
        Assert.Equal([new BlockCounter(254, 0, "read", 5), new BlockCounter(254, 0, "write", 6)], counters.BlockOperations);
    }

    [Fact]
    public void A_cgroup_that_is_gone_has_counted_nothing()
    {
        var unified = new CgroupHierarchy(root, "/", ["memory", "pids", "io"], null, true);

        Assert.Equal(0UL, CgroupCounters.Read(new Cgroup([unified], "/gone")).CpuTotalNanoseconds);
    }

    [Fact]
    public void The_time_of_guests_is_counted_once() =>
        Assert.Equal(360_000_000UL, CgroupCounters.SystemCpuNanoseconds("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2\n"));

    [Fact]
    public void Interfaces_are_counted_but_loopback()
    {
        const string Text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0
              eth0:200 2 3 4 0 0 0 0 42 1 5 6 0 0 0 0
            """;

        var counters = Assert.Single(InterfaceCounters.Parse(Text));

        Assert.Equal(
            ("eth0", 200UL, 2UL, 3UL, 4UL),
            (counters.Name, counters.ReceivedBytes, counters.ReceivedPackets, counters.ReceiveErrors, counters.ReceiveDropped)
        );
        Assert.Equal(
            (42UL, 1UL, 5UL, 6UL),
            (counters.SentBytes, counters.SentPackets, counters.SendErrors, counters.SendDropped)
        );
    }

    void Write(string path, string text)
    {
        string file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
