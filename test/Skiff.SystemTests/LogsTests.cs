// What a container writes is kept and read back: drivers, limits, details, followers.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class LogsTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly List<string> containers = [];

    public static TheoryData<string> Clients => ["skiff", "docker"];

    public void Dispose()
    {
        foreach (string id in containers)
            engine.Skiff("rm", "-f", id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Details_are_what_the_options_name(string client)
    {
        string id = Ended(
            client,
            "-e",
            "A=1",
            "-l",
            "x=y",
            "--log-opt",
            "labels=x",
            "--log-opt",
            "env=A",
            "--log-opt",
            "tag=t {{.ImageName}}",
            "busybox",
            "echo",
            "hi"
        );
        Assert.Equal("A=1,tag=t+busybox,x=y hi", engine.Client(client, ["logs", "--details", id], null).Expect().Text);
        Assert.Equal("hi", engine.Client(client, ["logs", id], null).Expect().Text);
    }

    [Theory, MemberData(nameof(Clients))]
    public void The_local_driver_keeps_and_rotates_what_json_file_would(string client)
    {
        string id = Ended(
            client,
            "--log-driver",
            "local",
            "--log-opt",
            "max-size=10k",
            "--log-opt",
            "max-file=2",
            "busybox",
            "sh",
            "-c",
            "seq 1 2000; printf end"
        );
        string text = engine.Client(client, ["logs", id], null).Expect().Output;
        Assert.EndsWith("\n1999\n2000\nend", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n7\n", text, StringComparison.Ordinal);
        Assert.Equal("2000\nend", engine.Client(client, ["logs", "-n", "2", id], null).Expect().Output);
        Assert.Equal("local", engine.Client(client, ["inspect", "-f", "{{.HostConfig.LogConfig.Type}}", id], null).Expect().Text);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Drivers_and_options_that_are_none_are_refused_by_name(string client)
    {
        Refused(client, "plugin \"foo\" not found", "--log-driver", "foo");
        Refused(client, "unknown log opt 'foo' for json-file log driver", "--log-opt", "foo=1");
        Refused(client, "--log-driver syslog is not supported", "--log-driver", "syslog");
        Refused(client, "invalid logging opts for driver none", "--log-driver", "none", "--log-opt", "max-size=1m");
        string id = Ended(client, "--log-driver", "none", "busybox", "echo", "hi");
        Assert.Contains(
            "configured logging driver does not support reading",
            engine.Client(client, ["logs", id], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_hundred_followers_need_no_inotify_instance_each()
    {
        string id = engine
            .Skiff("run", "-d", "busybox", "sh", "-c", "echo begin; while [ ! -e /go ]; do sleep 0.05; done; echo end")
            .Expect()
            .Text;
        containers.Add(id);
        using var api = new ApiClient(engine.Socket);
        var followers = Enumerable.Range(0, 200).Select(_ => api.FollowLogs(id)).ToList();
        Assert.All(followers, f => Assert.Contains("begin", f.ReadSome(), StringComparison.Ordinal));
        int instances = Directory
            .EnumerateFiles($"/proc/{engine.Pid}/fd")
            .Count(f => new FileInfo(f).LinkTarget == "anon_inode:inotify");
        Assert.InRange(instances, 1, 4);
        engine.Skiff("exec", id, "touch", "/go"); // the end of the container may end it too
        Assert.All(followers, f => Assert.Contains("end", f.ReadToEnd(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_follower_sees_every_line_over_rotations()
    {
        string id = engine
            .Skiff(
                "run",
                "-d",
                "--log-opt",
                "max-size=50k",
                "--log-opt",
                "max-file=50",
                "busybox",
                "sh",
                "-c",
                "sleep 0.3; seq 1 20000"
            )
            .Expect()
            .Text;
        containers.Add(id);
        string[] lines = engine.Skiff("logs", "-f", id).Expect().Text.Split('\n');
        Assert.Equal(Enumerable.Range(1, 20000).Select(n => $"{n}"), lines);
    }

    string Ended(string client, params string[] arguments)
    {
        string id = engine.Client(client, ["run", "-d", .. arguments], null).Expect().Text;
        containers.Add(id);
        engine.Skiff("wait", id).Expect();
        return id;
    }

    void Refused(string client, string message, params string[] flags)
    {
        var result = engine.Client(client, ["create", .. flags, "busybox", "true"], null);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
    }
}
