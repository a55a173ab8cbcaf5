// Ids of a container as those of the host, and plans that enter a user namespace.
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Xunit;

namespace Skiff.Tests.Runtime.Launch;

public sealed class IdMapsTests
{
    static readonly Spec Mapped = new()
    {
        Root = new SpecRoot { Path = "rootfs" },
        Process = new SpecProcess { Args = ["true"] },
        Linux = new LinuxSpec
        {
            Namespaces = [new LinuxNamespace { Type = "mount" }, new LinuxNamespace { Type = "user" }],
            UidMappings =
            [
                new IdMapping { HostId = 1000, Size = 10 },
                new IdMapping
                {
                    ContainerId = 10,
                    HostId = 5000,
                    Size = 5,
                },
            ],
            GidMappings = [new IdMapping { HostId = 2000, Size = 10 }],
        },
    };

    [Fact]
    public void An_id_is_found_in_its_range()
    {
        IdMaps maps = IdMaps.Of(Mapped)!;
        Assert.Equal(1000u, maps.Uid(0));
        Assert.Equal(5002u, maps.Uid(12));
        Assert.Equal(2005u, maps.Gid(5));
    }

    [Fact]
    public void A_tmpfs_belongs_to_root_inside_and_a_devpts_to_its_group()
    {
        IdMaps maps = IdMaps.Of(Mapped)!;
        Assert.Equal(["size=1m", "uid=1000", "gid=2000"], maps.Data("tmpfs", ["size=1m"]));
        Assert.Equal(["gid=2005"], maps.Data("devpts", ["gid=5"]));
        Assert.Equal(["gid=5"], maps.Data("mqueue", ["gid=5"]));
    }

    [Fact]
    public void The_user_namespace_is_entered_after_pivot_root_and_before_the_rights_are_given_up()
    {
        CompiledLaunch compiled = PlanCompiler.Container(Mapped, new LaunchFacts { AttachPoint = "/run/bundle" });
        string[] steps = compiled.Plan.Dump().Split('\n');
        int entered = Array.FindIndex(steps, s => s.Contains("setns($user-namespace", StringComparison.Ordinal));
        Assert.True(entered > Array.FindIndex(steps, s => s.StartsWith("pivot_root", StringComparison.Ordinal)));
        Assert.True(entered < Array.FindIndex(steps, s => s.StartsWith("prctl(24", StringComparison.Ordinal)));
        Assert.False(compiled.NewNamespaces.HasFlag(Skiff.Linux.Namespaces.NamespaceKinds.User));
    }

    [Fact]
    public void An_init_is_left_behind_last_and_the_program_takes_the_terminal()
    {
        Spec spec = Mapped with
        {
            Process = Mapped.Process! with { Terminal = true },
            Annotations = new Dictionary<string, string> { [SpecExtensions.Init] = "true" },
        };
        string[] steps = PlanCompiler
            .Container(spec, new LaunchFacts { AttachPoint = "/run/bundle" })
            .Plan.Dump()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int fork = Array.FindIndex(steps, s => s.StartsWith("clone(", StringComparison.Ordinal));
        string[] after = [.. steps[(fork + 1)..].Select(s => s[..s.IndexOf('(', StringComparison.Ordinal)])];
        Assert.Equal(["setsid", "ioctl", "rt_sigaction", "rt_sigprocmask"], after[..4]);
    }
}
