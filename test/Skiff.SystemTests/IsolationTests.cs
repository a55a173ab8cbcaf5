// What a container cannot see or do, and the limits it runs into: shown by behaviour.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class IsolationTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    string Inside(params string[] arguments) => engine.Skiff(["run", "--rm", .. arguments]).Expect().Text;

    [Theory]
    [InlineData("mnt")]
    [InlineData("pid")]
    [InlineData("net")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    public void Every_namespace_is_its_own(string kind)
    {
        string host = File.ResolveLinkTarget($"/proc/self/ns/{kind}", false)!.Name;
        Assert.NotEqual(host, Inside("busybox", "readlink", $"/proc/self/ns/{kind}"));
    }

    [Theory]
    [InlineData("net", "--network=host")]
    [InlineData("pid", "--pid=host")]
    [InlineData("ipc", "--ipc=host")]
    [InlineData("uts", "--uts=host")]
    public void A_namespace_of_the_host_is_shared_when_asked(string kind, string flag)
    {
        string host =
            File.ReadAllText("/proc/self/status").Length > 0
                ? Command.Run("readlink", $"/proc/{engine.Pid}/ns/{kind}").Expect().Text
                : "";
        Assert.Equal(host, Inside(flag, "busybox", "readlink", $"/proc/self/ns/{kind}"));
    }

    [Fact]
    public void The_root_of_the_host_is_out_of_reach()
    {
        Assert.Equal("1", Inside("busybox", "sh", "-c", "grep -c ' / / ' /proc/self/mountinfo"));
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "busybox", "ls", engine.Root).ExitCode);
    }

    [Fact]
    public void Capabilities_are_dockers_default_and_can_be_added_and_dropped()
    {
        static string Bounding(string status) =>
            status.Split('\n').Single(l => l.StartsWith("CapBnd:", StringComparison.Ordinal)).Split('\t')[1];
        Assert.Equal("00000000a80425fb", Bounding(Inside("busybox", "cat", "/proc/self/status")));
        Assert.Equal("0000000000000000", Bounding(Inside("--cap-drop=ALL", "busybox", "cat", "/proc/self/status")));
        Assert.Equal("00000000a80435fb", Bounding(Inside("--cap-add=NET_ADMIN", "busybox", "cat", "/proc/self/status")));
    }

    [Fact]
    public void Seccomp_filters_and_can_be_turned_off()
    {
        Assert.Equal("Seccomp:\t2", Inside("busybox", "grep", "Seccomp:", "/proc/self/status"));
        Assert.Equal(
            "Seccomp:\t0",
            Inside("--security-opt", "seccomp=unconfined", "busybox", "grep", "Seccomp:", "/proc/self/status")
        );
        // unshare(CLONE_NEWUSER) needs CAP_SYS_ADMIN by the default profile.
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "busybox", "unshare", "-U", "true").ExitCode);
    }

    [Fact]
    public void No_new_privileges_is_set_when_asked()
    {
        Assert.Equal("NoNewPrivs:\t0", Inside("busybox", "grep", "NoNewPrivs", "/proc/self/status"));
        Assert.Equal(
            "NoNewPrivs:\t1",
            Inside("--security-opt", "no-new-privileges", "busybox", "grep", "NoNewPrivs", "/proc/self/status")
        );
    }

    [Fact]
    public void Dangerous_files_of_proc_are_masked_or_read_only()
    {
        Assert.Equal("0", Inside("busybox", "sh", "-c", "cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c"));
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "busybox", "sh", "-c", "echo b > /proc/sysrq-trigger").ExitCode);
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "busybox", "sh", "-c", "echo 1 > /sys/kernel/mm/ksm/run").ExitCode);
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "busybox", "mount", "-t", "tmpfs", "none", "/tmp").ExitCode);
    }

    [Fact]
    public void No_descriptor_of_the_engine_is_open_inside()
    {
        // 0, 1, 2, and the one by which ls reads the directory.
        Assert.Equal("0\n1\n2\n3", Inside("busybox", "ls", "/proc/self/fd"));
    }

    [Fact]
    public void A_process_that_takes_too_much_memory_is_killed_and_the_record_says_so()
    {
        var result = engine.Skiff(
            "run",
            "--name",
            "greedy",
            "-m",
            "16m",
            "--memory-swap",
            "16m",
            "busybox",
            "sh",
            "-c",
            "x=0123456789abcdef; while :; do x=$x$x; done"
        );
        Assert.Equal(137, result.ExitCode);
        Assert.Equal("true", engine.Skiff("inspect", "--format", "{{.State.OOMKilled}}", "greedy").Expect().Text);
        engine.Skiff("rm", "greedy").Expect();
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void Memory_that_runs_out_is_told_while_the_container_goes_on(string client)
    {
        string name = "survivor-" + client;
        // Its shell lives on: what it starts is what dies.
        const string Script =
            "read go < /tmp/gate; (x=0123456789abcdef; while :; do x=$x$x; done); echo survived; read end < /tmp/gate";
        string[] run = ["run", "-d", "--name", name, "-m", "16m", "--memory-swap", "16m", "busybox", "sh", "-c"];
        engine.Client(client, [.. run, $"mkfifo /tmp/gate; {Script}"], null).Expect();
        try
        {
            using var told = engine.OnTerminal(
                client,
                "events",
                "--since",
                "1",
                "--filter",
                $"container={name}",
                "--filter",
                "event=oom"
            );
            engine.Skiff("exec", name, "sh", "-c", "until [ -p /tmp/gate ]; do :; done; echo > /tmp/gate").Expect();
            told.WaitFor("container oom");
            string state = engine.Client(client, ["inspect", "-f", "{{.State.Status}} {{.State.OOMKilled}}", name], null).Text;
            Assert.Equal("running true", state);
            // What comes into the container before the greedy one has given its memory back might die in its place.
            Assert.True(SpinWait.SpinUntil(() => engine.Skiff("logs", name).Text == "survived", TimeSpan.FromSeconds(20)));
            engine.Skiff("exec", name, "sh", "-c", "echo > /tmp/gate"); // the end of the container may end it too
            Assert.Equal("0", engine.Skiff("wait", name).Expect().Text);
            Assert.Equal("survived", engine.Skiff("logs", name).Expect().Text);
            Assert.Equal("true", engine.Skiff("inspect", "-f", "{{.State.OOMKilled}}", name).Expect().Text);
            // A new run begins without it.
            engine.Skiff("start", name).Expect();
            Assert.Equal("false", engine.Skiff("inspect", "-f", "{{.State.OOMKilled}}", name).Expect().Text);
        }
        finally
        {
            engine.Skiff("rm", "-f", name).Expect();
        }
    }

    [Fact]
    public void A_limit_on_processes_stops_a_fork_bomb()
    {
        var result = engine.Skiff(
            "run",
            "--rm",
            "--pids-limit",
            "10",
            "busybox",
            "sh",
            "-c",
            "i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i+1)); done; echo all"
        );
        Assert.DoesNotContain("all", result.Output, StringComparison.Ordinal);
        Assert.Contains("fork", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_share_of_the_processor_is_all_it_gets()
    {
        // A spinner with a tenth of a processor: in a second of wall time it cannot use half a second.
        string times = Inside(
            "--cpus",
            "0.1",
            "busybox",
            "sh",
            "-c",
            "e=$(($(date +%s)+2)); while [ $(date +%s) -lt $e ]; do :; done; cat /proc/self/stat; awk '{print \"user\", $1}' /proc/uptime; times"
        );
        Assert.Matches(@"0m0\.[0-4]\d*s", times.Split('\n')[^2]);
    }

    [Fact]
    public void The_user_is_the_one_asked_for()
    {
        Assert.Equal("uid=1000(sailor) gid=1000(sailor) groups=500(crew),1000(sailor)", Inside("-u", "sailor", "busybox", "id"));
        Assert.Equal("1234:99", Inside("-u", "1234:99", "busybox", "sh", "-c", "echo $(id -u):$(id -g)"));
    }

    [Fact]
    public void A_read_only_root_cannot_be_written_but_its_tmpfs_can()
    {
        Assert.NotEqual(0, engine.Skiff("run", "--rm", "--read-only", "busybox", "touch", "/x").ExitCode);
        Assert.Equal(
            "x",
            Inside("--read-only", "--tmpfs", "/scratch", "busybox", "sh", "-c", "echo x > /scratch/x; cat /scratch/x")
        );
    }
}
