// skiff-runtime with systemd's cgroup driver: its containers are scopes, with the limits that systemd knows of.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class SystemdCgroupTests
{
    static OciBundle Bundle(string command, string resources = "{}", bool withPath = true)
    {
        var bundle = new OciBundle("sh", "-c", command);
        if (withPath)
            bundle.Config["linux"]!["cgroupsPath"] = $"skift-sub.slice:skiff:{bundle.Id}";
        bundle.Config["linux"]!["resources"] = JsonNode.Parse(resources);
        bundle.Save();
        return bundle;
    }

    static string Property(string unit, string name) => Command.Run("systemctl", "show", "-P", name, unit).Expect().Text;

    [Fact]
    public void A_container_is_a_scope_with_limits_and_is_gone_when_deleted()
    {
        Assert.SkipUnless(Kernel.HasSystemdAndCgroup2, "no systemd with cgroup version 2");
        const string Limits =
            """{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 20}, "cpu": {"quota": 50000, "period": 100000, "shares": 512}}""";
        using OciBundle bundle = Bundle("cat /proc/self/cgroup; while :; do sleep 1; done", Limits);
        string unit = $"skiff-{bundle.Id}.scope";
        bundle.RunDetached().Expect();
        Assert.Equal("active", Property(unit, "ActiveState"));
        Assert.Equal($"/skift.slice/skift-sub.slice/{unit}", Property(unit, "ControlGroup"));
        Assert.Equal("67108864", Property(unit, "MemoryMax"));
        Assert.Equal("20", Property(unit, "TasksMax"));
        Assert.Equal("500ms", Property(unit, "CPUQuotaPerSecUSec"));
        string place = $"/sys/fs/cgroup/skift.slice/skift-sub.slice/{unit}";
        Assert.Equal("67108864", File.ReadAllText($"{place}/memory.max").Trim());
        Assert.Equal("0", File.ReadAllText($"{place}/memory.swap.max").Trim());
        Assert.Equal("50000 100000", File.ReadAllText($"{place}/cpu.max").Trim());
        // An exec is in it too, and what systemd does to its units leaves the limits as they are.
        Assert.Equal("0::/", bundle.Runtime("exec", bundle.Id, "cat", "/proc/self/cgroup").Expect().Text);
        bundle.Runtime("update", "--pids-limit", "30", bundle.Id).Expect();
        Command.Run("systemctl", "daemon-reload").Expect();
        Assert.Equal("30", File.ReadAllText($"{place}/pids.max").Trim());
        bundle.Runtime("pause", bundle.Id).Expect();
        Assert.Equal("paused", bundle.Status);
        bundle.Runtime("resume", bundle.Id).Expect();
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
        Assert.False(Directory.Exists(place));
        Assert.Equal("not-found", Property(unit, "LoadState"));
    }

    [Fact]
    public void With_the_flag_alone_it_is_in_the_slice_of_the_system()
    {
        Assert.SkipUnless(Kernel.HasSystemdAndCgroup2, "no systemd with cgroup version 2");
        using OciBundle bundle = Bundle("while :; do sleep 1; done", withPath: false);
        bundle.Config["linux"]!.AsObject().Remove("cgroupsPath");
        bundle.Save();
        bundle.RunDetached("--systemd-cgroup").Expect();
        Assert.Equal("active", Property($"skiff-{bundle.Id}.scope", "ActiveState"));
        Assert.Equal("system.slice", Property($"skiff-{bundle.Id}.scope", "Slice"));
        // Without the flag: it is known of this container.
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
        Assert.Equal("not-found", Property($"skiff-{bundle.Id}.scope", "LoadState"));
    }

    [Fact]
    public void Without_systemd_and_with_cgroup_version_1_it_is_refused()
    {
        Assert.SkipWhen(Kernel.HasSystemdAndCgroup2, "systemd runs here");
        using OciBundle bundle = Bundle("true");
        string errors = bundle.Runtime("run", "--bundle", bundle.Bundle, bundle.Id).Expect(1).Errors;
        Assert.Contains("systemd's cgroup driver", errors, StringComparison.Ordinal);
        Assert.False(bundle.HasTraces);
        bundle.Config["linux"]!["cgroupsPath"] = "/plain";
        bundle.Save();
        errors = bundle.Runtime("--systemd-cgroup", "run", "--bundle", bundle.Bundle, bundle.Id).Expect(1).Errors;
        Assert.Contains("expected cgroupsPath to be of format \"slice:prefix:name\"", errors, StringComparison.Ordinal);
        Assert.False(bundle.HasTraces);
    }
}
