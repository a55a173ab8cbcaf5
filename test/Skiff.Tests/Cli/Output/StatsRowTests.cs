// Counters as lines for people.
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Tests.Cli.Output;

public sealed class StatsRowTests
{
    static readonly StatsBody Frame = new()
    {
        Name = "/box",
        Id = new string('7', 64),
        Pids = new StatsPids { Current = 3 },
        Cpu = new StatsCpu
        {
            Usage = new StatsCpuUsage { Total = 1_500_000_000 },
            System = 12_000_000_000,
            OnlineCpus = 2,
        },
        PreCpu = new StatsCpu
        {
            Usage = new StatsCpuUsage { Total = 1_000_000_000 },
            System = 10_000_000_000,
        },
        Memory = new StatsMemory
        {
            Usage = 3 << 20,
            Limit = 100 << 20,
            Stats = new Dictionary<string, ulong> { ["total_inactive_file"] = 1 << 20, ["inactive_file"] = 7 },
        },
        Networks = new Dictionary<string, StatsNetwork>
        {
            ["eth0"] = new() { ReceivedBytes = 800, SentBytes = 100 },
            ["eth1"] = new() { ReceivedBytes = 6, SentBytes = 26 },
        },
        Blkio = new StatsBlkio
        {
            Bytes = [new(8, 0, "Read", 4096), new(8, 16, "read", 4096), new(8, 0, "Write", 5), new(8, 0, "Sync", 99)],
        },
    };

    [Fact]
    public void A_frame_is_told_in_percent_and_units()
    {
        string line = StatsRow.Listing.Format([StatsRow.Of("box", Frame, noTrunc: false)], "json", quiet: false);

        Assert.Equal(
            """{"BlockIO":"8.19kB / 5B","CPUPerc":"50.00%","Container":"box","ID":"777777777777","MemPerc":"2.00%","MemUsage":"2MiB / 100MiB","Name":"box","NetIO":"806B / 126B","PIDs":"3"}"""
                + "\n",
            line
        );
    }

    [Fact]
    public void Without_a_frame_before_it_the_share_is_since_the_start() =>
        Assert.Equal(25, StatsRow.Cpu(Frame with { PreCpu = new StatsCpu() }), precision: 6);

    [Fact]
    public void Memory_of_version_2_leaves_its_own_cache_out() =>
        Assert.Equal(
            10UL,
            StatsRow.Memory(
                new StatsMemory
                {
                    Usage = 15,
                    Stats = new Dictionary<string, ulong> { ["inactive_file"] = 5 },
                }
            )
        );
}
