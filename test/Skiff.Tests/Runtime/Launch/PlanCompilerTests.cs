// config.json and the plan it becomes, side by side in test/golden/plans.
using System.Text;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Namespaces;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Launch;
using Xunit;

namespace Skiff.Tests.Runtime.Launch;

public sealed class PlanCompilerTests
{
    static readonly CgroupHierarchy[] V1 =
    [
        new("/sys/fs/cgroup/cpu,cpuacct", "/", ["cpu", "cpuacct"], null, false),
        new("/sys/fs/cgroup/memory", "/", ["memory"], null, false),
        new("/sys/fs/cgroup/systemd", "/", [], "systemd", false),
        new("/sys/fs/cgroup/unified", "/", [], null, true),
    ];

    static readonly CgroupHierarchy[] V2 = [new("/sys/fs/cgroup", "/", ["cpu", "memory", "pids"], null, true)];

    [Fact]
    public void A_container_like_docker_makes_them_on_cgroup_v1()
    {
        CompiledLaunch compiled = PlanCompiler.Container(
            Read("default-v1"),
            Facts(V1, seccomp: 3) with
            {
                Mounts = [default, default, default, default, default, default, new(SourceIsFile: true, null)],
            }
        );

        Assert.Equal(
            NamespaceKinds.Mount | NamespaceKinds.Network | NamespaceKinds.Uts | NamespaceKinds.Pid | NamespaceKinds.Ipc,
            compiled.NewNamespaces
        );
        CompareWithGolden("default-v1", compiled);
    }

    [Fact]
    public void A_read_only_container_of_an_ordinary_user_on_cgroup_v2()
    {
        CompiledLaunch compiled = PlanCompiler.Container(
            Read("user-v2"),
            Facts(V2, seccomp: 3) with
            {
                Mounts = [default, default, new(SourceIsFile: false, TargetMode: 0x3FF), default],
            }
        );

        Assert.Equal(NamespaceKinds.Mount | NamespaceKinds.Pid, compiled.NewNamespaces);
        CompareWithGolden("user-v2", compiled);
    }

    [Fact]
    public void Labels_of_selinux_are_for_the_process_and_for_what_it_writes_to()
    {
        Spec spec = Read("user-v2");
        spec = spec with
        {
            Process = spec.Process! with { SelinuxLabel = "process:label" },
            Linux = spec.Linux! with { MountLabel = "mount:label" },
            Mounts =
            [
                new() { Destination = "/proc", Type = "proc" },
                new()
                {
                    Destination = "/tmp",
                    Type = "tmpfs",
                    Options = ["size=1m"],
                },
            ],
        };
        string plan = PlanCompiler.Container(spec, Facts(V2, seccomp: null) with { Mounts = [default, default] }).Plan.Dump();
        string line = Assert.Single(plan.Split('\n'), l => l.Contains("mount:label", StringComparison.Ordinal));
        Assert.Contains("/tmp", line, StringComparison.Ordinal); // not the proc
        Assert.Contains("thread-self/attr/exec", plan, StringComparison.Ordinal);
        Assert.Contains("process:label", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void A_further_process_in_a_container()
    {
        SpecProcess process = SpecReader.ReadProcess(Encoding.UTF8.GetBytes(Golden.Read("plans/exec.json")));
        CompareWithGolden("exec", PlanCompiler.Exec(Read("default-v1"), process, Facts(V1, seccomp: null)));
    }

    [Theory]
    [InlineData("net.ipv4.ip_forward", "net/ipv4/ip_forward")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    public void Sysctl_names_become_paths(string key, string path) => Assert.Equal(path, RootfsPlan.SysctlPath(key));

    static LaunchFacts Facts(CgroupHierarchy[] hierarchies, int? seccomp) =>
        new()
        {
            AttachPoint = "/run/bundle",
            Hierarchies = hierarchies,
            CgroupDirectories = [.. hierarchies.Select(h => $"{h.MountPoint}/skiff/x")],
            SeccompFilter = seccomp is int count ? new byte[count * 8] : null,
        };

    static Spec Read(string name)
    {
        Spec spec = SpecReader.Read(Encoding.UTF8.GetBytes(Golden.Read($"plans/{name}.json")));
        SpecValidator.Check(spec);
        return spec;
    }

    static void CompareWithGolden(string name, CompiledLaunch compiled) =>
        Golden.Compare($"plans/{name}.plan", compiled.Plan.Dump());
}
