// linux.resources as cgroup files of both versions.
using Skiff.Linux.Cgroups;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Cgroups;
using Xunit;

namespace Skiff.Tests.Runtime.Cgroups;

public sealed class CgroupWritesTests
{
    static string[] V1(LinuxResources resources) =>
        [.. CgroupWrites.Of(resources).Select(w => w.V1 is var (file, value) ? $"{file}={value}" : "-")];

    static string[] V2(LinuxResources resources) =>
        [.. CgroupWrites.Of(resources).Select(w => w.V2 is var (file, value) ? $"{file}={value}" : "-")];

    [Fact]
    public void Memory_and_swap_are_one_limit_in_v1_and_two_in_v2()
    {
        var limits = new LinuxResources
        {
            Memory = new()
            {
                Limit = 100,
                Swap = 300,
                Reservation = 50,
            },
        };
        Assert.Equal(
            ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=300", "memory.soft_limit_in_bytes=50"],
            V1(limits)
        );
        Assert.Equal(["memory.max=100", "memory.swap.max=200", "memory.low=50"], V2(limits));
    }

    [Fact]
    public void Pages_classes_and_remote_memory_have_their_own_controllers()
    {
        var limits = new LinuxResources
        {
            HugepageLimits = [new() { PageSize = "2MB", Limit = 4096 }],
            Network = new() { ClassId = 7, Priorities = [new() { Name = "eth0", Priority = 3 }] },
            Rdma = new Dictionary<string, LinuxRdma> { ["mlx"] = new() { HcaHandles = 2 } },
        };
        Assert.Equal(
            [
                "hugetlb.2MB.limit_in_bytes=4096",
                "net_cls.classid=7",
                "net_prio.ifpriomap=eth0 3",
                "rdma.max=mlx hca_handle=2 hca_object=max",
            ],
            V1(limits)
        );
        Assert.Equal(["hugetlb.2MB.max=4096", "-", "-", "rdma.max=mlx hca_handle=2 hca_object=max"], V2(limits));
    }

    [Fact]
    public void Minus_one_is_no_limit()
    {
        var limits = new LinuxResources
        {
            Memory = new() { Limit = -1, Swap = -1 },
            Pids = new() { Limit = -1 },
        };
        Assert.Equal(["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1", "pids.max=max"], V1(limits));
        Assert.Equal(["memory.max=max", "memory.swap.max=max", "pids.max=max"], V2(limits));
    }

    [Fact]
    public void Quota_and_period_are_one_file_in_v2()
    {
        var limits = new LinuxResources
        {
            Cpu = new() { Quota = 50_000, Period = 200_000 },
        };
        Assert.Equal(["cpu.cfs_period_us=200000", "cpu.cfs_quota_us=50000"], V1(limits));
        Assert.Equal(["cpu.max=50000 200000", "cpu.max=50000 200000"], V2(limits));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1024, 39)]
    [InlineData(262_144, 10_000)]
    [InlineData(1_000_000, 10_000)]
    public void Shares_become_weights(ulong shares, ulong weight) => Assert.Equal(weight, CgroupWrites.Weight(shares));

    [Fact]
    public void Nothing_asked_is_nothing_written() =>
        Assert.Empty(
            CgroupWrites.Of(
                new LinuxResources
                {
                    Memory = new(),
                    Cpu = new(),
                    BlockIO = new(),
                }
            )
        );

    [Fact]
    public void A_container_that_may_use_no_device_may_still_use_null()
    {
        IReadOnlyList<DeviceRule> rules = DeviceRules.Of(
            new LinuxResources { Devices = [new() { Allow = false, Access = "rwm" }] }
        );
        Assert.Equal("a", rules[0].ToString());
        Assert.Contains(rules, r => r is { Allow: true, Type: 'c', Major: 1, Minor: 3 });
    }

    [Fact]
    public void A_rule_for_one_number_of_any_type_does_not_become_a_rule_for_all()
    {
        IReadOnlyList<DeviceRule> rules = DeviceRules.Of(
            new LinuxResources
            {
                Devices =
                [
                    new()
                    {
                        Allow = true,
                        Type = "a",
                        Major = 10,
                        Minor = 200,
                        Access = "rw",
                    },
                ],
            }
        );
        Assert.Equal(["c 10:200 rw", "b 10:200 rw"], rules.Select(r => r.ToString()));
    }
}
