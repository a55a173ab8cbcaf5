// The device filter of cgroup v2, as an eBPF program that the kernel's verifier accepts and that decides.
using Skiff.Linux;
using Skiff.Linux.Cgroups;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class DeviceFilterTests : IDisposable
{
    readonly string cgroup = Path.Combine(
        CgroupHierarchy.Detect().Single(h => h.IsV2).MountPoint,
        $"skiff-devices-{Environment.ProcessId}"
    );

    public DeviceFilterTests() => Directory.CreateDirectory(cgroup);

    public void Dispose() => Directory.Delete(cgroup);

    [Fact]
    public void Denies_all_but_what_later_rules_allow()
    {
        DeviceFilter.Attach(
            cgroup,
            DeviceFilter.Compile([new(false, 'a', null, null, "rwm"), new(true, 'c', 1, 3, "rw"), new(true, 'c', 1, 5, "r")])
        );
        Assert.Equal("null zero ", Opened("r"));
        Assert.Equal("null ", Opened("w"));
    }

    [Fact]
    public void Allows_all_but_what_later_rules_deny()
    {
        DeviceFilter.Attach(cgroup, DeviceFilter.Compile([new(false, 'c', 1, 5, "w")]));
        Assert.Equal("null zero full ", Opened("r"));
        Assert.Equal("null full ", Opened("w"));
    }

    [Fact]
    public void A_last_rule_for_everything_makes_all_others_void()
    {
        DeviceFilter.Attach(cgroup, DeviceFilter.Compile([new(false, 'c', 1, 5, "rwm"), new(true, 'a', null, null, "rwm")]));
        Assert.Equal("null zero full ", Opened("r"));
    }

    /// <summary>Which of three devices a process in the cgroup can open.</summary>
    string Opened(string how) =>
        Command
            .Run(
                "sh",
                "-c",
                $"echo $$ >{cgroup}/cgroup.procs; for d in null zero full; do "
                    + (how == "r" ? "(: </dev/$d)" : "(: >/dev/$d)")
                    + " && printf '%s ' $d; done 2>&-; exit 0"
            )
            .Expect()
            .Output;
}
