// The rest of config.json on Linux: scheduling, clocks, ids, propagation, controllers; and what is refused, by its name.
using System.Text.Json.Nodes;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RuntimeConfigTests
{
    static string[] Inside(string script, Action<OciBundle> change)
    {
        using var bundle = new OciBundle("sh", "-c", script);
        change(bundle);
        bundle.Save();
        return bundle.Runtime("run", "--bundle", bundle.Bundle, bundle.Id).Expect().Text.Split('\n');
    }

    static JsonNode Linux(OciBundle bundle) => bundle.Config["linux"]!;

    static JsonNode Json(string text) => JsonNode.Parse(text)!;

    static void AddMount(OciBundle bundle, string destination, string type, string source, params string[] options) =>
        bundle.Config["mounts"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["destination"] = destination,
                    ["type"] = type,
                    ["source"] = source,
                    ["options"] = OciBundle.Array(options),
                }
            );

    static void AddNamespace(OciBundle bundle, string type) =>
        Linux(bundle)["namespaces"]!.AsArray().Add(new JsonObject { ["type"] = type });

    [Fact]
    public void The_process_has_its_scheduler_its_niceness_and_its_priority_of_io()
    {
        // proc_pid_stat(5): 19 nice, 41 policy; SCHED_BATCH is 3.
        string[] said = Inside(
            "cut -d' ' -f19,41 /proc/self/stat; ionice",
            b =>
            {
                b.Process["scheduler"] = Json("""{"policy": "SCHED_BATCH", "nice": 7}""");
                b.Process["ioPriority"] = Json("""{"class": "IOPRIO_CLASS_BE", "priority": 6}""");
            }
        );
        Assert.Equal(["7 3", "best-effort: prio 6"], said);
    }

    [Fact]
    public void An_exec_runs_on_the_processors_of_execCPUAffinity_and_the_first_process_on_all()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Process["execCPUAffinity"] = Json("""{"initial": "0", "final": "0"}""");
        bundle.Save();
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        string[] said = bundle
            .Runtime("exec", bundle.Id, "sh", "-c", "grep -h Cpus_allowed_list /proc/self/status /proc/1/status | cut -f2")
            .Expect()
            .Text.Split('\n');
        Assert.Equal("0", said[0]);
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor only");
        Assert.NotEqual("0", said[1]);
    }

    [Fact]
    public void A_personality_of_32_bits_shows_a_machine_of_32_bits() =>
        Assert.Equal(["i686"], Inside("uname -m", b => Linux(b)["personality"] = Json("""{"domain": "LINUX32"}""")));

    [Fact]
    public void Clocks_differ_by_the_offsets()
    {
        Kernel.Require(6, 2, "time namespaces");
        string[] said = Inside(
            "cut -d. -f1 /proc/uptime",
            b =>
            {
                AddNamespace(b, "time");
                Linux(b)["timeOffsets"] = Json("""{"boottime": {"secs": 1000000, "nanosecs": 0}}""");
            }
        );
        long outside = (long)
            double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(long.Parse(said[0], System.Globalization.CultureInfo.InvariantCulture) - outside, 999_900, 1_000_000);
    }

    [Fact]
    public void A_user_namespace_has_the_mappings_and_a_mount_may_have_its_own()
    {
        string[] said = Inside(
            "id -u; tr -s ' ' </proc/self/uid_map; stat -c %u:%g /plain /mapped /own",
            b =>
            {
                // The root filesystem must be reachable for the mapped root.
                for (string? up = b.Bundle; up is not null and not "/" and not "/tmp"; up = Path.GetDirectoryName(up))
                    Command.Run("chmod", "o+rx", up).Expect();
                Command.Run("chmod", "o+rx", Path.Combine(b.Bundle, "rootfs")).Expect();
                Directory.CreateDirectory(b.Scratch("source"));
                AddNamespace(b, "user");
                Linux(b)["uidMappings"] = Json("""[{"containerID": 0, "hostID": 200000, "size": 1000}]""");
                Linux(b)["gidMappings"] = Json("""[{"containerID": 0, "hostID": 300000, "size": 1000}]""");
                foreach (string name in (string[])["plain", "mapped", "own"])
                    Directory.CreateDirectory(Path.Combine(b.Bundle, "rootfs", name));
                AddMount(b, "/plain", "bind", b.Scratch("source"), "bind");
                AddMount(b, "/mapped", "bind", b.Scratch("source"), "bind", "idmap");
                AddMount(b, "/own", "bind", b.Scratch("source"), "rbind", "ridmap");
                JsonNode own = b.Config["mounts"]!.AsArray()[^1]!;
                own["uidMappings"] = Json("""[{"containerID": 0, "hostID": 200005, "size": 1}]""");
                own["gidMappings"] = Json("""[{"containerID": 0, "hostID": 300006, "size": 1}]""");
            }
        );
        Assert.Equal(["0", " 0 200000 1000", "65534:65534", "0:0", "5:6"], said);
    }

    [Fact]
    public void A_recursive_option_holds_for_mounts_below()
    {
        string[] said = Inside(
            "grep -E ' /(one|all)/sys/fs/cgroup/pids ' /proc/self/mountinfo | cut -d' ' -f5,6 | sed 's/,.*//' | sort",
            b =>
            {
                AddMount(b, "/one", "bind", "/", "rbind", "ro");
                AddMount(b, "/all", "bind", "/", "rbind", "rro");
            }
        );
        Assert.SkipUnless(Directory.Exists("/sys/fs/cgroup/pids"), "no cgroup v1 to look at");
        Assert.Equal(["/all/sys/fs/cgroup/pids ro", "/one/sys/fs/cgroup/pids rw"], said);
    }

    [Theory]
    [InlineData("shared", "shared:")]
    [InlineData("unbindable", "unbindable")]
    [InlineData("private", null)]
    public void The_root_has_its_propagation(string propagation, string? tag)
    {
        string root = Inside(
            "grep ' / / ' /proc/self/mountinfo || grep -E ' / [rw]' /proc/self/mountinfo",
            b => Linux(b)["rootfsPropagation"] = propagation
        )[0];
        if (tag is null)
            Assert.DoesNotMatch("shared:|master:|unbindable", root);
        else
            Assert.Contains(tag, root, StringComparison.Ordinal);
    }

    [Fact]
    public void Ambient_capabilities_survive_for_a_user_who_is_not_root()
    {
        string[] said = Inside(
            "grep -E 'CapAmb|CapEff' /proc/self/status | tr -d '\\t'",
            b =>
            {
                b.Process["user"] = Json("""{"uid": 7, "gid": 7}""");
                foreach (string set in (string[])["bounding", "effective", "permitted", "inheritable", "ambient"])
                    b.Process["capabilities"]![set] = OciBundle.Array("CAP_KILL");
            }
        );
        Assert.Equal(["CapEff:0000000000000020", "CapAmb:0000000000000020"], said);
    }

    [Theory]
    [InlineData(
        """{"memory": {"limit": 33554432, "swap": 33554432, "reservation": 16777216}}""",
        "memory.limit_in_bytes",
        "memory.max",
        "33554432"
    )]
    [InlineData("""{"cpu": {"quota": 20000, "period": 50000}}""", "cpu.cfs_quota_us", "cpu.max", "20000")]
    [InlineData("""{"cpu": {"cpus": "0"}}""", "cpuset.cpus", "cpuset.cpus", "0")]
    [InlineData("""{"pids": {"limit": 77}}""", "pids.max", "pids.max", "77")]
    public void Limits_are_set_in_the_containers_cgroup(string resources, string v1, string v2, string value)
    {
        using var bundle = new OciBundle("sleep", "1000");
        Linux(bundle)["resources"] = Json(resources);
        bundle.Save();
        bundle.Create().Expect();
        string file = Directory
            .EnumerateDirectories("/sys/fs/cgroup", bundle.Id, SearchOption.AllDirectories)
            .SelectMany(d => (string[])[Path.Combine(d, v1), Path.Combine(d, v2)])
            .First(File.Exists);
        Assert.Equal(value, File.ReadAllText(file).Split(' ', '\n')[0]);
    }

    [Theory]
    [InlineData("""{"intelRdt": {"closID": "x"}}""", "linux.intelRdt")]
    [InlineData("""{"netDevices": {"eth0": {"name": "eth1"}}}""", "linux.netDevices")]
    [InlineData("""{"memoryPolicy": {"mode": "MPOL_BIND"}}""", "linux.memoryPolicy")]
    [InlineData("""{"personality": {"domain": "LINUX", "flags": ["X"]}}""", "linux.personality.flags")]
    [InlineData("""{"personality": {"domain": "PLAN9"}}""", "PLAN9")]
    [InlineData("""{"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}}""", "linux.seccomp.listenerPath")]
    [InlineData(
        """{"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}}""",
        "SCMP_ACT_NOTIFY"
    )]
    [InlineData("""{"timeOffsets": {"boottime": {"secs": 1, "nanosecs": 0}}}""", "new time namespace")]
    [InlineData("""{"uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}""", "user namespace")]
    [InlineData("""{"namespaces": [{"type": "pid"}]}""", "without a mount namespace")]
    [InlineData("""{"namespaces": [{"type": "mount", "path": "/proc/self/ns/mnt"}]}""", "joining a mount namespace")]
    [InlineData("""{"cgroupsPath": "system.slice:x"}""", "slice:prefix:name")]
    [InlineData("""{"cgroupsPath": "../x.slice:skiff:x"}""", "no name of a slice")]
    [InlineData("""{"resources": {"unified": {"no.such.file": "1"}}}""", "unified no.such.file")]
    [InlineData("""{"rootfsPropagation": "sideways"}""", "sideways")]
    public void What_is_not_done_is_refused_by_its_name(string linux, string words)
    {
        using var bundle = new OciBundle("true");
        foreach (KeyValuePair<string, JsonNode?> member in Json(linux).AsObject())
            Linux(bundle)[member.Key] = member.Value!.DeepClone();
        if (linux.Contains("namespaces", StringComparison.Ordinal))
            bundle.Config.AsObject().Remove("hostname");
        bundle.Save();
        Result refused = bundle.Create();
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(words, refused.Errors, StringComparison.Ordinal);
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void The_terminals_master_goes_to_the_console_socket_with_its_size()
    {
        using var bundle = new OciBundle("sh", "-c", "stty size; sleep 1000");
        bundle.Process["terminal"] = true;
        bundle.Process["consoleSize"] = Json("""{"height": 30, "width": 101}""");
        bundle.Save();
        using Fd listener = UnixSocket.Listen(bundle.Scratch("."), "console");
        bundle.Create("--console-socket", bundle.Scratch("console")).Expect();
        using Fd accepted = UnixSocket.TryAccept(listener)!;
        var received = new List<Fd>();
        UnixSocket.Receive(accepted, new byte[64], received);
        using Fd master = Assert.Single(received);
        bundle.Runtime("start", bundle.Id).Expect();
        byte[] said = new byte[64];
        int count = FdIo.TryRead(master, said, out _);
        Assert.StartsWith("30 101", System.Text.Encoding.ASCII.GetString(said, 0, count), StringComparison.Ordinal);
    }
}
