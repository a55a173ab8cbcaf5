// Containers that live in the namespaces of others, or under an init: shown with both clients.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class SharedNamespacesTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    Result Run(string client, params string[] arguments) => engine.Client(client, arguments, null);

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_container_joins_the_network_of_another_with_its_name_and_its_resolver(string client)
    {
        string owner = Run(client, "run", "-d", "busybox", "sleep", "1000").Expect().Text;
        try
        {
            const string Look = "readlink /proc/self/ns/net; hostname; cat /etc/hosts /etc/resolv.conf; ip -o -4 addr show eth0";
            string own = Run(client, "exec", owner, "sh", "-c", Look).Expect().Text;
            string joined = Run(client, "run", "--rm", "--network", $"container:{owner[..12]}", "busybox", "sh", "-c", Look)
                .Expect()
                .Text;
            Assert.Equal(own, joined);
            Assert.Contains("eth0", joined, StringComparison.Ordinal);
        }
        finally
        {
            Run(client, "rm", "-f", owner).Expect();
        }
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_container_joins_the_processes_of_another(string client)
    {
        string owner = Run(client, "run", "-d", "busybox", "sleep", "1234").Expect().Text;
        try
        {
            string joined = Run(client, "run", "--rm", "--pid", $"container:{owner}", "busybox", "ps").Expect().Text;
            Assert.Contains("1 root", joined, StringComparison.Ordinal);
            Assert.Contains("sleep 1234", joined, StringComparison.Ordinal);
        }
        finally
        {
            Run(client, "rm", "-f", owner).Expect();
        }
    }

    [Theory]
    [InlineData("--network")]
    [InlineData("--pid")]
    public void A_container_that_does_not_run_has_nothing_to_join(string flag)
    {
        string stopped = engine.Skiff("create", "busybox").Expect().Text;
        string mine = engine.Skiff("create", flag, $"container:{stopped}", "busybox", "true").Expect().Text;
        Assert.Contains("non running container", engine.Skiff("start", mine).Expect(1).Errors, StringComparison.Ordinal);
        engine.Skiff("rm", mine, stopped).Expect();
        string lost = engine.Skiff("create", flag, "container:nosuch", "busybox", "true").Expect().Text;
        Assert.Contains("No such container: nosuch", engine.Skiff("start", lost).Expect(1).Errors, StringComparison.Ordinal);
        engine.Skiff("rm", lost).Expect();
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void An_init_reaps_what_is_left_to_it_and_ends_as_the_program_does(string client)
    {
        // An orphan ends; without an init the shell at 1 would keep it, with one it is gone when its pid can be probed no more.
        const string Orphan =
            "sh -c 'sh -c \"echo \\$\\$ > /tmp/orphan; read x < /tmp/gate\" & exit' < /dev/null; "
            + "until [ -s /tmp/orphan ]; do :; done; echo > /tmp/gate; "
            + "while [ -e /proc/$(cat /tmp/orphan) ]; do :; done; cat /proc/1/comm; exit 7";
        var result = Run(client, "run", "--rm", "--init", "busybox", "sh", "-c", "mkfifo /tmp/gate; " + Orphan);
        Assert.Equal(7, result.ExitCode);
        Assert.Equal("skfinit", result.Text);
        Assert.Equal(137, Run(client, "run", "--rm", "--init", "busybox", "sh", "-c", "kill -9 $$").ExitCode);
        Assert.Equal(127, Run(client, "run", "--rm", "--init", "busybox", "nosuch").ExitCode);
        Assert.Equal(126, Run(client, "run", "--rm", "--init", "busybox", "/etc/notes").ExitCode);
    }

    [Fact]
    public void An_init_forwards_signals_that_a_program_at_1_would_not_get()
    {
        string id = engine.Skiff("run", "-d", "--init", "busybox", "sleep", "1000").Expect().Text;
        engine.Skiff("kill", "-s", "TERM", id).Expect();
        Assert.Equal("143", engine.Skiff("wait", id).Expect().Text);
        engine.Skiff("rm", id).Expect();
    }

    [Fact]
    public void The_memory_of_the_init_is_out_of_reach()
    {
        var result = engine.Skiff(
            "run",
            "--rm",
            "--init",
            "busybox",
            "sh",
            "-c",
            "cat /proc/1/environ; head -c 1 /proc/1/mem; readlink /proc/1/exe; readlink /proc/1/fd/1; head -c 1 /proc/1/maps"
        );
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Text);
    }

    [Fact]
    public void A_terminal_belongs_to_the_program_under_an_init()
    {
        using var session = engine.OnTerminal("skiff", "run", "--rm", "-it", "--init", "busybox", "sh");
        session.WaitFor("#");
        session.Type("trap 'echo caught' INT; echo rea''dy\n");
        session.WaitFor("ready");
        session.Type("\u0003");
        session.WaitFor("caught");
        session.Type("exit 3\n");
        Assert.Equal(3, session.Wait());
    }

    [Fact]
    public void Reads_of_a_block_device_are_slowed_down_to_the_rate_asked_for()
    {
        string file = Path.Combine(engine.Root, "disk");
        using (var disk = File.Create(file))
            disk.SetLength(8 << 20);
        string loop = Command.Run("losetup", "-f", "--show", file).Expect().Text;
        try
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            string[] read = ["dd", "if=/dev/disk", "of=/dev/null", "bs=64k", "count=32", "iflag=direct"];
            engine
                .Skiff(["run", "--rm", "--device", $"{loop}:/dev/disk:r", "--device-read-bps", $"{loop}:1mb", "busybox", .. read])
                .Expect();
            Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1), $"2 MB at 1 MB/s took {watch.Elapsed}");
        }
        finally
        {
            Command.Run("losetup", "-d", loop).Expect();
        }
    }

    [Fact]
    public void Limits_that_this_machine_cannot_set_are_refused_by_name()
    {
        Assert.Contains(
            "not a block device",
            engine.Skiff("create", "--device-read-bps", "/dev/null:1mb", "busybox").Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Range of blkio weight is from 10 to 1000",
            engine.Docker("create", "--blkio-weight", "5", "busybox").Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "memory swappiness",
            engine.Docker("create", "--memory-swappiness", "101", "busybox").Errors,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void A_container_joins_the_ipc_of_one_that_shares_it(string client)
    {
        string owner = Run(client, "run", "-d", "--ipc", "shareable", "--shm-size", "2m", "busybox", "sleep", "60").Expect().Text;
        string place = $"{engine.RunRoot}/containers/{owner}/shm";
        try
        {
            Run(client, "exec", owner, "sh", "-c", "echo seen > /dev/shm/file").Expect();
            string ipc = Run(client, "exec", owner, "readlink", "/proc/self/ns/ipc").Expect().Text;
            string[] mode = ["--ipc", $"container:{owner[..12]}"];
            const string Look = "readlink /proc/self/ns/ipc; cat /dev/shm/file; grep ' /dev/shm ' /proc/mounts";
            string joined = Run(client, ["run", "--rm", .. mode, "busybox", "sh", "-c", Look]).Expect().Text;
            Assert.StartsWith($"{ipc}\nseen\nshm /dev/shm tmpfs rw,nosuid,nodev,noexec", joined, StringComparison.Ordinal);
            // One that has joined leads to the same place.
            string second = Run(client, ["run", "-d", .. mode, "busybox", "sleep", "60"]).Expect().Text;
            Assert.Equal(
                "seen",
                Run(client, "run", "--rm", "--ipc", "container:" + second, "busybox", "cat", "/dev/shm/file").Expect().Text
            );
            Assert.Equal($"container:{owner}", Run(client, "inspect", "-f", "{{.HostConfig.IpcMode}}", second).Expect().Text);
            Run(client, "rm", "-f", second).Expect();
            var full = Run(client, "exec", owner, "dd", "if=/dev/zero", "of=/dev/shm/big", "bs=1M", "count=3");
            Assert.Contains("No space left", full.Expect(1).Errors, StringComparison.Ordinal);
            Assert.Contains($" {place} ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        }
        finally
        {
            Run(client, "rm", "-f", owner).Expect();
        }
        Assert.DoesNotContain($" {place} ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Ipc_that_is_not_shared_is_not_joined(string client)
    {
        string owner = Run(client, "run", "-d", "busybox", "sleep", "60").Expect().Text;
        string stopped = Run(client, "create", "--ipc", "shareable", "busybox", "true").Expect().Text;
        string Refused(string mode) => Run(client, "run", "--rm", "--ipc", mode, "busybox", "true").Expect(125).Errors;
        Assert.Contains(
            $"failed to join IPC namespace: container {owner}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)",
            Refused("container:" + owner),
            StringComparison.Ordinal
        );
        Assert.Contains($"container {stopped} is not running", Refused("container:" + stopped), StringComparison.Ordinal);
        Assert.Contains("No such container: nobody", Refused("container:nobody"), StringComparison.Ordinal);
        Assert.Contains("invalid name or ID supplied", Refused("container:"), StringComparison.Ordinal);
        Run(client, "rm", "-f", owner, stopped).Expect();
    }

    [Fact]
    public void Clocks_of_a_container_can_differ_from_the_hosts()
    {
        Kernel.Require(6, 2, "time namespaces");
        static double Uptime(string text) => double.Parse(text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        double host = Uptime(File.ReadAllText("/proc/uptime"));
        string id = engine
            .Skiff("run", "-d", "--time-offset", "boottime=1000000.5", "--time-offset", "monotonic=7", "busybox", "sleep", "60")
            .Expect()
            .Text;
        Assert.InRange(Uptime(engine.Skiff("exec", id, "cat", "/proc/uptime").Expect().Text) - host, 1_000_000, 1_000_100);
        Assert.Equal(
            "monotonic 7 0 boottime 1000000 500000000",
            engine.Skiff("exec", id, "sh", "-c", "echo $(cat /proc/self/timens_offsets)").Expect().Text
        );
        engine.Skiff("rm", "-f", id).Expect();
        string docker = engine
            .Docker("run", "--rm", "--annotation", "skiff.time-offsets=boottime=1000000", "busybox", "cat", "/proc/uptime")
            .Expect()
            .Text;
        Assert.InRange(Uptime(docker) - host, 1_000_000, 1_000_200);
        Assert.Contains(
            "invalid time offset \"realtime=1\"",
            engine.Skiff("create", "--time-offset", "realtime=1", "busybox", "true").Expect(1).Errors,
            StringComparison.Ordinal
        );
    }
}
