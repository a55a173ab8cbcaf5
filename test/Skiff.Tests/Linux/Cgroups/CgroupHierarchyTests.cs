// Cgroup hierarchies from mountinfo.
using Skiff.Linux.Cgroups;
using Skiff.Linux.Mounts;
using Xunit;

namespace Skiff.Tests.Linux.Cgroups;

public sealed class CgroupHierarchyTests
{
    const string Hybrid = """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
        50 31 0:29 / /elsewhere/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
        """;

    [Fact]
    public void Finds_each_hierarchy_of_a_hybrid_machine_once()
    {
        IReadOnlyList<CgroupHierarchy> found = CgroupHierarchy.Parse(Hybrid);

        Assert.Equal(["cpu,cpuacct", "memory", "none,name=systemd", ""], found.Select(h => h.MountData));
        Assert.Equal([false, false, false, true], found.Select(h => h.IsV2));
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", found[0].MountPoint);
        Assert.Equal("/docker/abc", found[1].Root);
        Assert.Equal("name=systemd", found[2].OwnKey);
    }

    [Fact]
    public void Unescapes_the_paths_of_mountinfo()
    {
        MountInfo mount = MountInfo.Parse(@"1 2 0:3 / /a\040b\134c rw - ext4 /dev/x rw").Single();
        Assert.Equal(@"/a b\c", mount.MountPoint);
    }

    [Fact]
    public void Refuses_a_mountinfo_line_without_its_second_half() =>
        Assert.Throws<InvalidDataException>(() => MountInfo.Parse("1 2 0:3 / /a rw shared:1"));

    [Fact]
    public void A_cgroup_is_one_directory_in_each_hierarchy()
    {
        var cgroup = new Cgroup(CgroupHierarchy.Parse(Hybrid), "/skiff/x");
        Assert.Equal(
            [
                "/sys/fs/cgroup/cpu,cpuacct/skiff/x",
                "/sys/fs/cgroup/memory/skiff/x",
                "/sys/fs/cgroup/systemd/skiff/x",
                "/sys/fs/cgroup/unified/skiff/x",
            ],
            cgroup.Directories
        );
        Assert.Equal("/sys/fs/cgroup/unified/skiff/x", cgroup.UnifiedDirectory);
        Assert.Equal("/sys/fs/cgroup/memory/skiff/x", cgroup.Find("memory")?.Directory);
        Assert.Null(cgroup.Find("pids"));
    }
}
