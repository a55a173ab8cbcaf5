// Limits and settings of containers, proven by what happens inside, with both clients.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class LimitTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    Result Run(string client, string[] flags, string script) =>
        engine.Client(client, ["run", "--rm", "--network=none", .. flags, "busybox", "sh", "-c", script], null);

    public static TheoryData<string, string, string, string> Settings()
    {
        var data = new TheoryData<string, string, string, string>();
        foreach (string client in (string[])["skiff", "docker"])
        {
            // A file past the limit: the writer is ended by SIGXFSZ.
            data.Add(
                client,
                "--ulimit fsize=4096",
                "dd if=/dev/zero of=/big bs=8192 count=1 2>/dev/null; stat -c %s /big",
                "4096"
            );
            data.Add(client, "--ulimit nofile=20:30", "ulimit -n; ulimit -Hn; ulimit -n 31 2>/dev/null || echo no", "20\n30\nno");
            data.Add(
                client,
                "--shm-size 1m",
                "head -c 2000000 /dev/zero > /dev/shm/x 2>/dev/null; stat -c %s /dev/shm/x",
                "1048576"
            );
            data.Add(client, "--tmpfs /t:size=64k", "head -c 99999 /dev/zero > /t/x 2>/dev/null; stat -c %s /t/x", "65536");
            data.Add(client, "--sysctl kernel.msgmax=4321", "cat /proc/sys/kernel/msgmax", "4321");
            data.Add(client, "--group-add crew --group-add 1234", "id -G", "0 500 1234");
            data.Add(client, "--oom-score-adj 321", "cat /proc/self/oom_score_adj", "321");
            data.Add(
                client,
                "--cgroup-parent /skt-parent --cgroupns host",
                "grep -c :/skt-parent/ /proc/self/cgroup | grep -vx 0 | wc -l",
                "1"
            );
            data.Add(client, "--cgroupns private", "grep -vc ':/$' /proc/self/cgroup", "0");
            data.Add(
                client,
                "--security-opt systempaths=unconfined",
                "head -c 0 /proc/kcore; grep -c ' /proc/' /proc/mounts",
                "0"
            );
            data.Add(
                client,
                "--device-cgroup-rule b_7:*_rm",
                "mknod /d b 7 200; head -c 1 /d 2>&1 | grep -c 'not permitted'",
                "0"
            );
            data.Add(
                client,
                "--device-cgroup-rule b_7:1_rm",
                "mknod /d b 7 200; head -c 1 /d 2>&1 | grep -c 'not permitted'",
                "1"
            );
        }
        return data;
    }

    [Theory, MemberData(nameof(Settings))]
    public void A_setting_holds_inside(string client, string flags, string script, string expected) =>
        Assert.Equal(expected, Run(client, [.. flags.Split(' ').Select(f => f.Replace('_', ' '))], script).Text);

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Of_one_processor_each_gets_its_share(string client)
    {
        // Two spinners on one processor, 8 to 1, begin together and end when told: what each used is compared.
        string directory = Directory.CreateDirectory(Path.Combine(engine.Root, "shares-" + client)).FullName;
        const string Spin =
            "until [ -e /s/go ]; do :; done; while [ ! -e /s/stop ]; do :; done; cut -d' ' -f14 /proc/self/stat /proc/$$/stat | tail -1";
        string[] ids =
        [
            .. ((string[])["2048", "256"]).Select(shares =>
                engine
                    .Client(
                        client,
                        [
                            "run",
                            "-d",
                            "--network=none",
                            "--cpu-shares",
                            shares,
                            "--cpuset-cpus",
                            "0",
                            "-v",
                            $"{directory}:/s",
                            "busybox",
                            "sh",
                            "-c",
                            Spin,
                        ],
                        null
                    )
                    .Expect()
                    .Text
            ),
        ];
        try
        {
            File.WriteAllText(Path.Combine(directory, "go"), "");
            // Until the favoured one has had a second of the processor, however busy the machine is.
            engine
                .Skiff(
                    "exec",
                    ids[0],
                    "sh",
                    "-c",
                    "b=$(cut -d' ' -f14 /proc/1/stat); until [ $(($(cut -d' ' -f14 /proc/1/stat)-b)) -gt 60 ]; do :; done"
                )
                .Expect();
            File.WriteAllText(Path.Combine(directory, "stop"), "");
            int[] ticks =
            [
                .. ids.Select(id =>
                {
                    engine.Skiff("wait", id).Expect();
                    return int.Parse(engine.Skiff("logs", id).Expect().Text, null);
                }),
            ];
            Assert.True(ticks[0] > 2 * ticks[1], $"{ticks[0]} and {ticks[1]} ticks, of 8 to 1");
        }
        finally
        {
            engine.Skiff(["rm", "-f", .. ids]).Expect();
        }
    }
}
