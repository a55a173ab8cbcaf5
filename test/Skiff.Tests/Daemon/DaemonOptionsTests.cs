// Flags and daemon.json together.
using Skiff.Daemon;
using Skiff.Engine;
using Xunit;

namespace Skiff.Tests.Daemon;

public sealed class DaemonOptionsTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    DaemonOptions Read(string json, params string[] arguments)
    {
        File.WriteAllText(file, json);
        var flags = new DaemonFlags();
        var parsed = flags.Command((_, _) => Task.FromResult(0)).Parse(["--config-file", file, .. arguments]);
        Assert.Empty(parsed.Errors);
        return flags.Read(parsed);
    }

    string Refused(string json, params string[] arguments)
    {
        var error = Assert.Throws<EngineException>(() => Read(json, arguments));
        Assert.Equal(ErrorKind.InvalidParameter, error.Kind);
        return error.Message;
    }

    [Fact]
    public void Nothing_said_is_the_defaults()
    {
        var options = Read("{}");
        Assert.Equal(["unix:///run/skiff/skiff.sock"], options.Hosts);
        Assert.Equal("/run/skiff/skiffd.pid", options.PidFile);
        Assert.Equal("/var/lib/skiff", options.Engine.DataRoot);
        Assert.Equal("/run/skiff", options.Engine.ExecRoot);
        Assert.Equal("skiff0", options.Engine.Bridge);
        Assert.Equal("info", options.LogLevel);
        Assert.Equal("builtin", options.Engine.SeccompProfile);
        Assert.Equal((3, 5), (options.Engine.MaxConcurrentDownloads, options.Engine.MaxConcurrentUploads));
        Assert.Equal(AppContext.BaseDirectory, Path.GetDirectoryName(options.Engine.RuntimePath) + "/");
    }

    [Fact]
    public void The_socket_and_the_pid_file_follow_the_exec_root()
    {
        var options = Read("{}", "--exec-root", "/run/other");
        Assert.Equal(["unix:///run/other/skiff.sock"], options.Hosts);
        Assert.Equal("/run/other/skiffd.pid", options.PidFile);
    }

    [Fact]
    public void The_file_says_what_flags_say()
    {
        var fromFile = Read(
            """
            {
              "hosts": ["unix:///a", "tcp://127.0.0.1:2375"], "data-root": "/d", "exec-root": "/e", "pidfile": "/p",
              "registry-mirrors": ["http://127.0.0.1:5000"], "insecure-registries": ["r:5000", "10.0.0.0/8"], "bridge": "b0", "bip": "172.30.0.1/16",
              "mtu": 1400, "dns": ["1.1.1.1"], "dns-search": ["s"], "dns-opts": ["ndots:1"], "group": "g", "log-level": "warn",
              "log-driver": "local", "log-opts": {"max-size": "10m", "max-file": "3"}, "seccomp-profile": "unconfined", "no-new-privileges": true,
              "labels": ["a=b"], "max-concurrent-downloads": 7, "max-concurrent-uploads": 8, "cgroup-parent": "/c",
              "runtimes": {"other": {"path": "/bin/true"}}, "default-runtime": "other"
            }
            """,
            "--runtime-path",
            "/r"
        );
        var fromFlags = Read(
            "{}",
            "-H unix:///a -H tcp://127.0.0.1:2375 --data-root /d --exec-root /e -p /p --registry-mirror http://127.0.0.1:5000 --insecure-registry r:5000 --insecure-registry 10.0.0.0/8 -b b0 --bip 172.30.0.1/16 --mtu 1400 --dns 1.1.1.1 --dns-search s --dns-opt ndots:1 -G g -l warn --log-driver local --log-opt max-size=10m --log-opt max-file=3 --seccomp-profile unconfined --no-new-privileges --label a=b --max-concurrent-downloads 7 --max-concurrent-uploads 8 --cgroup-parent /c --runtime-path /r --add-runtime other=/bin/true --default-runtime other".Split(
                ' '
            )
        );
        Assert.Equivalent(fromFlags, fromFile, strict: true);
        Assert.Equal(
            ("local", "10m", "3"),
            (fromFile.Engine.LogDriver, fromFile.Engine.LogOptions["max-size"], fromFile.Engine.LogOptions["max-file"])
        );
        Assert.Equal(1400, fromFile.Engine.Mtu);
        Assert.Equal("g", fromFile.Group);
    }

    [Theory]
    [InlineData("""{"data-root":"/a"}""", "data-root", "--data-root /b")]
    [InlineData("""{"hosts":["unix:///a"]}""", "hosts", "-H unix:///b")]
    [InlineData("""{"mtu":1400}""", "mtu", "--mtu 1500")]
    [InlineData("""{"debug":false}""", "debug", "-D")]
    [InlineData("""{"runtimes":{}}""", "runtimes", "--add-runtime a=/bin/true")]
    [InlineData("""{"log-opts":{"max-file":"3"}}""", "log-opts", "--log-opt max-size=1m")]
    [InlineData("""{"max-concurrent-downloads":2}""", "max-concurrent-downloads", "--max-concurrent-downloads 2")]
    public void What_is_said_twice_is_refused(string json, string key, string flags)
    {
        string message = Refused(json, flags.Split(' '));
        Assert.StartsWith(
            "the following directives are specified both as a flag and in the configuration file: " + key,
            message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{"no-such-key": 1}""", "no-such-key")]
    [InlineData("""{"data-root": 5}""", "data-root")]
    [InlineData("""{"data_root": "/x"}""", "data_root")]
    [InlineData("{", "tmp")]
    [InlineData("[]", "tmp")]
    public void A_wrong_file_is_refused_by_its_key(string json, string named) =>
        Assert.Contains(named, Refused(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("--log-level loud", "invalid log-level \"loud\"")]
    [InlineData("--data-root relative", "data-root must be an absolute path")]
    [InlineData("--mtu 12", "invalid mtu: 12")]
    [InlineData("--bip 172.30.0.1", "invalid bip")]
    [InlineData("--bip ::1/64", "invalid bip")]
    [InlineData("--dns here", "invalid dns")]
    [InlineData("--label x", "invalid label")]
    [InlineData("--registry-mirror ftp://x", "invalid mirror")]
    [InlineData("--registry-mirror mirror.example", "invalid mirror")]
    [InlineData("--registry-mirror quay=http://m", "\"quay\" is no registry")]
    [InlineData("--registry-mirror q.io:=http://m", "is no registry")]
    [InlineData("--max-concurrent-uploads 0", "invalid max-concurrent-uploads")]
    [InlineData("--log-opt foo=x", "unknown log opt 'foo' for json-file log driver")]
    [InlineData("--log-driver foo", "plugin \"foo\" not found")]
    [InlineData("--log-opt max-size=big", "error parsing option max-size: invalid size: 'big'")]
    [InlineData("--seccomp-profile /no/such/file", "/no/such/file")]
    [InlineData("-H relative.sock", "invalid host \"relative.sock\"")]
    [InlineData("-H unix://relative.sock", "invalid host")]
    [InlineData("-H tcp://127.0.0.1", "invalid host")]
    public void A_wrong_value_is_refused(string flags, string message) =>
        Assert.Contains(message, Refused("{}", flags.Split(' ')), StringComparison.Ordinal);

    [Theory]
    [InlineData("tcp://0.0.0.0:2375")]
    [InlineData("tcp://192.0.2.1:2375")]
    [InlineData("tcp://[::]:2375")]
    public void Other_machines_need_what_is_not_there_yet(string host)
    {
        var error = Assert.Throws<EngineException>(() => Read("{}", "-H", host));
        Assert.Equal(ErrorKind.NotImplemented, error.Kind);
        Assert.Contains("TLS", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_named_must_be_there()
    {
        var flags = new DaemonFlags();
        var parsed = flags.Command((_, _) => Task.FromResult(0)).Parse(["--config-file", "/no/such/daemon.json"]);
        Assert.Contains(
            "/no/such/daemon.json",
            Assert.Throws<EngineException>(() => flags.Read(parsed)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("--storage-driver overlay2", "--storage-driver")]
    [InlineData("--tls", "--tls")]
    public void A_flag_that_is_not_there_is_named(string flags, string named) =>
        Assert.Contains(
            new DaemonFlags().Command((_, _) => Task.FromResult(0)).Parse(flags.Split(' ')).Errors,
            e => e.Message.Contains(named, StringComparison.Ordinal)
        );
}
