// From the flags of run to the body of create.
using System.Text.Json;
using Skiff.Cli;
using Skiff.Cli.Options;
using Skiff.Docker;
using Xunit;

namespace Skiff.Tests.Cli.Options;

public sealed class ContainerOptionsTests
{
    static ContainerCreateBody Body(params string[] words)
    {
        var flags = new FlagSet { Interspersed = false };
        var options = new ContainerOptions(flags);
        var arguments = flags.Parse(words);
        return options.ToBody(arguments[0], [.. arguments.Skip(1)], detached: false);
    }

    [Fact]
    public void Sends_what_docker_sends_for_the_same_flags()
    {
        string golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "docker", "container-create.json"))
            .TrimEnd();
        var body = Body("--rm", "--network", "none", "registry.example/busybox:1", "true");
        Assert.Equal(golden, JsonSerializer.Serialize(body, DockerJson.Wire.ContainerCreateBody));
    }

    [Fact]
    public void Opens_stdin_once_for_an_interactive_container()
    {
        var body = Body("-i", "-t", "debian", "bash", "-c", "-i");
        Assert.Equal(["bash", "-c", "-i"], body.Cmd!);
        Assert.True(body is { AttachStdin: true, OpenStdin: true, StdinOnce: true, Tty: true, AttachStdout: true });
        var plain = Body("debian");
        Assert.True(
            plain is { AttachStdin: false, OpenStdin: false, Tty: false, AttachStdout: true, AttachStderr: true, Cmd: null }
        );
        var some = Body("-a", "STDERR", "debian");
        Assert.True(some is { AttachStdin: false, AttachStdout: false, AttachStderr: true });
    }

    [Fact]
    public void Tells_an_entrypoint_that_is_empty_from_none()
    {
        Assert.Null(Body("x").Entrypoint);
        Assert.Equal([""], Body("--entrypoint", "", "x").Entrypoint!);
    }

    [Theory]
    [InlineData("8080:80", "80/tcp", "", "8080")]
    [InlineData("80", "80/tcp", "", "")]
    [InlineData("127.0.0.1:53:53/udp", "53/udp", "127.0.0.1", "53")]
    [InlineData("127.0.0.1::80", "80/tcp", "127.0.0.1", "")]
    [InlineData("[::1]:80:80", "80/tcp", "::1", "80")]
    [InlineData("8000-8010:80", "80/tcp", "", "8000-8010")]
    [InlineData("published=8080,target=80,protocol=udp", "80/udp", "", "8080")]
    public void Publishes_ports(string text, string port, string address, string hostPort)
    {
        var body = Body("-p", text, "x");
        var binding = Assert.Single(body.HostConfig!.PortBindings![port]!);
        Assert.Equal((address, hostPort), (binding.HostIp, binding.HostPort));
        Assert.Contains(port, body.ExposedPorts!.Keys);
    }

    [Fact]
    public void Publishes_ranges_port_by_port()
    {
        var bindings = Body("-p", "8000-8002:80-82", "x").HostConfig!.PortBindings!;
        Assert.Equal("8002", Assert.Single(bindings["82/tcp"]!).HostPort);
        Assert.Equal(3, bindings.Count);
    }

    [Theory]
    [InlineData("-p", "abc", "Invalid containerPort: abc")]
    [InlineData("-p", "80:0", "Invalid containerPort: 0")]
    [InlineData("-p", "x:80", "Invalid hostPort: x")]
    [InlineData("-p", "80-82:80-81", "invalid ranges specified")]
    [InlineData("-p", "80/foo", "invalid proto: foo")]
    [InlineData("--expose", "80:80", "invalid port format for --expose")]
    [InlineData("--env-file", "/nonexistent", "open /nonexistent: no such file or directory")]
    [InlineData("--restart", "on-failure:x", "maximum retry count")]
    [InlineData("--health-retries", "-1", "cannot be negative")]
    [InlineData("--security-opt", "nonsense", "Invalid --security-opt")]
    [InlineData("--security-opt", "seccomp=/nonexistent", "opening seccomp profile")]
    public void Refuses_what_makes_no_sense(string flag, string value, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Body(flag, value, "x")).Message);

    [Theory]
    [InlineData("--memory", "1x", "invalid suffix: 'x'")]
    [InlineData("--cpus", "1.0000000001", "value is too precise")]
    [InlineData("--ulimit", "foo=1", "invalid ulimit type: foo")]
    [InlineData("--ulimit", "nofile=2:1", "soft limit must be less than or equal to hard limit")]
    [InlineData("--mount", "type=bind,foo=/x", "unexpected key 'foo' in 'foo=/x'")]
    [InlineData("--mount", "type=tmpfs,dst=/x,volume-nocopy", "cannot mix 'volume-*' options with mount type 'tmpfs'")]
    [InlineData("--sysctl", "a=b", "sysctl 'a=b' is not allowed")]
    [InlineData("--add-host", "x", "bad format for add-host")]
    [InlineData("--add-host", "x:y", "invalid IP address in add-host")]
    [InlineData("--device", "/dev/a:/dev/b:q", "invalid device mode: q")]
    [InlineData("--attach", "nowhere", "valid streams are STDIN, STDOUT and STDERR")]
    [InlineData("--env", "=x", "invalid environment variable: =x")]
    [InlineData("--health-interval", "5", "missing unit in duration")]
    [InlineData("--disable-content-trust=false", "", "content trust is not supported")]
    public void Refuses_a_wrong_value_with_its_flag(string flag, string value, string message)
    {
        string[] words = value.Length == 0 ? [flag, "x"] : [flag, value, "x"];
        var error = Assert.Throws<FlagException>(() => Body(words)).Message;
        Assert.StartsWith("invalid argument ", error);
        Assert.Contains(message, error);
    }

    [Fact]
    public void Contradictions_are_said()
    {
        Assert.Throws<FormatException>(() => Body("--no-healthcheck", "--health-cmd", "x", "x"));
        Assert.Throws<FormatException>(() => Body("--rm", "--restart", "always", "x"));
        Assert.Throws<FormatException>(() => Body("--network", "host", "--network", "other", "x"));
    }

    [Fact]
    public void Splits_volumes_from_binds()
    {
        var body = Body("-v", "/data", "-v", "/a:/b:ro", "-v", "named:/c", "-v", "./here:/d", "x");
        Assert.Equal(["/data"], body.Volumes!.Keys);
        Assert.Equal(["/a:/b:ro", "named:/c", Path.GetFullPath("./here") + ":/d"], body.HostConfig!.Binds!);
    }

    [Fact]
    public void Reads_a_mount()
    {
        var mount = Assert.Single(
            Body(
                "--mount",
                "type=bind,\"src=/a,b\",dst=/x,ro,bind-propagation=rshared,bind-recursive=readonly",
                "x"
            ).HostConfig!.Mounts!
        );
        Assert.Equal(("bind", "/a,b", "/x", true), (mount.Type, mount.Source, mount.Target, mount.ReadOnly));
        Assert.Equal("rshared", mount.BindOptions!.Propagation);
        Assert.True(mount.BindOptions.ReadOnlyForceRecursive);
        var tmpfs = Assert.Single(Body("--mount", "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=700", "x").HostConfig!.Mounts!);
        Assert.Equal((1L << 20, 0b111_000_000u), (tmpfs.TmpfsOptions!.SizeBytes, tmpfs.TmpfsOptions.Mode));
    }

    [Fact]
    public void Puts_settings_of_a_network_into_its_endpoint()
    {
        var body = Body("--network", "name=a,alias=x,ip=10.0.0.2", "--network", "b", "--network-alias", "y", "img");
        Assert.Equal("a", body.HostConfig!.NetworkMode);
        var a = body.NetworkingConfig!.EndpointsConfig!["a"]!;
        Assert.Equal(["x", "y"], a.Aliases!);
        Assert.Equal("10.0.0.2", a.IPAMConfig!.IPv4Address);
        Assert.Contains("b", body.NetworkingConfig.EndpointsConfig!.Keys);
        Assert.Equal("default", Body("img").HostConfig!.NetworkMode);
    }

    [Fact]
    public void Reads_limits()
    {
        var host = Body(
            "-m",
            "1.5g",
            "--memory-swap",
            "-1",
            "--cpus",
            "1.5",
            "--ulimit",
            "nofile=1:2",
            "--shm-size",
            "64MiB",
            "x"
        ).HostConfig!;
        Assert.Equal((3L << 29, -1, 1_500_000_000, 64L << 20), (host.Memory, host.MemorySwap, host.NanoCpus, host.ShmSize));
        Assert.Equal(new UlimitBody("nofile", 2, 1), Assert.Single(host.Ulimits!));
        Assert.Equal(90_500_000_000, Values.Duration("1m30.5s"));
    }

    [Theory]
    [InlineData("exec: \"x\": executable file not found in $PATH", 127)]
    [InlineData("exec: \"/x\": stat /x: no such file or directory", 127)]
    [InlineData("exec: \"/etc\": is a directory: permission denied", 126)]
    [InlineData("exec: \"/etc/passwd\": permission denied", 126)]
    [InlineData("Conflict. The name is in use", 125)]
    public void Takes_the_exit_code_from_why_it_did_not_start(string reason, int code) =>
        Assert.Equal(code, EngineErrorException.StartExitCode(reason));
}
