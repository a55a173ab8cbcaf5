// Limits and policies that change while a container runs, seen by what its processes can do; by both clients.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class UpdateTests(Port port)
{
    // Doubles a shell variable until something stops it.
    const string Hog = "x=0123456789abcdef; while :; do x=$x$x; done";

    readonly EngineUnderTest engine = port.Engine;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    [Theory, MemberData(nameof(Clients))]
    public void New_limits_hold_at_once_and_after_the_next_start(string client)
    {
        string id = engine.Skiff("run", "-d", "-m", "1g", "busybox", "sleep", "1000").Expect().Text;
        engine.Client(client, ["update", "-m", "24m", "--memory-swap", "24m", "--pids-limit", "8", id], null).Expect();
        for (int run = 0; run < 2; run++)
        {
            Assert.Equal(137, engine.Skiff("exec", id, "sh", "-c", Hog).ExitCode);
            Assert.Contains(
                "can't fork",
                engine.Skiff("exec", id, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done").Errors,
                StringComparison.Ordinal
            );
            Assert.Equal(
                "25165824 25165824 8",
                engine
                    .Skiff("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}", id)
                    .Expect()
                    .Text
            );
            engine.Skiff("restart", "-t", "0", id).Expect();
        }
        engine.Client(client, ["update", "--pids-limit", "-1", id], null).Expect();
        Assert.Equal(0, engine.Skiff("exec", id, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait").ExitCode);
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_new_restart_policy_holds_at_once(string client)
    {
        string id = engine.Skiff("run", "-d", "busybox", "sleep", "1000").Expect().Text;
        engine.Client(client, ["update", "--restart", "on-failure:5", id], null).Expect();
        Command.Run("kill", "-9", engine.Skiff("inspect", "-f", "{{.State.Pid}}", id).Expect().Text).Expect();
        Assert.True(
            SpinWait.SpinUntil(
                () => engine.Skiff("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", id).Expect().Text == "running 1",
                TimeSpan.FromSeconds(20)
            )
        );
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_new_share_of_block_io_is_set_where_the_kernel_has_shares(string client)
    {
        string id = engine.Skiff("run", "-d", "busybox", "sleep", "1000").Expect().Text;
        var result = engine.Client(client, ["update", "--blkio-weight", "300", id], null);
        const string Look = "cat /sys/fs/cgroup/blkio/blkio.bfq.weight /sys/fs/cgroup/io.bfq.weight 2>/dev/null";
        if (result.ExitCode == 0)
            Assert.Equal("300", engine.Skiff("exec", id, "sh", "-c", Look).Output.Trim().Split(' ')[^1]);
        else
            Assert.Contains("bfq.weight", result.Errors, StringComparison.Ordinal);
        Assert.Contains(
            "Range of blkio weight",
            engine.Client(client, ["update", "--blkio-weight", "5", id], null).Errors,
            StringComparison.Ordinal
        );
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void What_makes_no_sense_is_refused_and_changes_nothing(string client)
    {
        string id = engine.Skiff("create", "--cpus", "1", "busybox").Expect().Text;
        Assert.Contains(
            "Conflicting options",
            engine.Client(client, ["update", "--cpu-quota", "5000", id], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Minimum memory limit",
            engine.Client(client, ["update", "-m", "1k", id], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "you must provide one or more flags",
            engine.Client(client, ["update", id], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "1000000000 0 0",
            engine
                .Skiff("inspect", "-f", "{{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.Memory}}", id)
                .Expect()
                .Text
        );
        engine.Skiff("rm", id).Expect();
    }
}
