// config.json for requests like those of docker run, in test/golden/bundles.
using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Oci.Runtime;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class BundleWriterTests
{
    [Fact]
    public void A_container_without_settings() => Compare("default", BundleSamples.Request(new HostSettings()));

    [Fact]
    public void A_container_with_a_terminal() =>
        Compare(
            "terminal",
            BundleSamples.Request(
                new HostSettings { ConsoleRows = 24, ConsoleColumns = 80 },
                new ContainerConfig
                {
                    Hostname = "box",
                    Tty = true,
                    Entrypoint = ["/entry", "-x"],
                    Cmd = ["bash"],
                    Env = ["PATH=/bin", "LANG=C"],
                }
            )
        );

    [Fact]
    public void A_limited_container_of_an_ordinary_user() =>
        Compare(
            "limited",
            BundleSamples.Request(
                new HostSettings
                {
                    MemoryBytes = 64 << 20,
                    NanoCpus = 1_500_000_000,
                    CpuShares = 512,
                    CpusetCpus = "0-1",
                    PidsLimit = 100,
                    Ulimits = [new("nofile", 1024, 2048), new("core", -1, -1)],
                    OomScoreAdj = 5,
                    ReadonlyRootfs = true,
                    Tmpfs = new Dictionary<string, string> { ["/run"] = "size=1m", ["/t"] = "exec,mode=755,uid=5" },
                    ShmSizeBytes = 32 << 20,
                    Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "0" },
                    CapAdd = ["SYS_ADMIN"],
                    CapDrop = ["cap_chown"],
                    SecurityOpt = ["no-new-privileges"],
                    DeviceCgroupRules = ["c 10:* rw"],
                    Devices = [new DeviceRequest("/dev/fuse", "/dev/myfuse", "rw")],
                    Binds = ["/tmp:/a:ro", "/tmp:/b:z"],
                    Mounts =
                    [
                        new MountRequest
                        {
                            Type = "bind",
                            Source = "/tmp",
                            Target = "/c",
                            ReadOnly = true,
                        },
                        new MountRequest
                        {
                            Type = "tmpfs",
                            Target = "/d",
                            TmpfsSizeBytes = 1 << 20,
                            TmpfsMode = 0x1C0,
                        },
                    ],
                    Annotations = new Dictionary<string, string> { ["a"] = "b" },
                },
                new ContainerConfig
                {
                    Hostname = "hh",
                    Domainname = "dd.example",
                    WorkingDir = "/wd",
                    Env = ["A=1", "HOME=/x"],
                    Cmd = ["sleep", "60"],
                }
            ) with
            {
                User = new ResolvedUser(1000, 1000, [33], "/home/u"),
                Devices =
                [
                    new LinuxDevice
                    {
                        Type = "c",
                        Path = "/dev/myfuse",
                        Major = 10,
                        Minor = 229,
                        FileMode = 0x1B6,
                    },
                ],
            }
        );

    [Fact]
    public void A_privileged_container() =>
        Compare(
            "privileged",
            BundleSamples.Request(new HostSettings { Privileged = true, CapDrop = ["NET_RAW"] }) with
            {
                Devices =
                [
                    new LinuxDevice
                    {
                        Type = "b",
                        Path = "/dev/vda",
                        Major = 254,
                        Minor = 0,
                        FileMode = 0x1B0,
                    },
                ],
            }
        );

    [Fact]
    public void A_container_in_the_hosts_namespaces() =>
        Compare(
            "host",
            BundleSamples.Request(
                new HostSettings
                {
                    NetworkMode = "host",
                    IpcMode = "host",
                    PidMode = "host",
                    UtsMode = "host",
                    CgroupnsMode = "host",
                    SecurityOpt = ["systempaths=unconfined", "seccomp=unconfined"],
                }
            )
        );

    [Fact]
    public void Mounts_are_made_before_those_below_them() =>
        Compare(
            "mounts",
            BundleSamples.Request(
                new HostSettings
                {
                    Binds = ["/a/b/c:/x/y", "/tmp:/x", "/host/etc:/etc", "/tmp:/tr/../q/:cached,rslave", "/h:/etc/hosts:ro"],
                    Tmpfs = new Dictionary<string, string> { ["/x/y/z"] = "" },
                    Mounts =
                    [
                        new MountRequest
                        {
                            Type = "bind",
                            Source = "/tmp",
                            Target = "/nr",
                            NonRecursive = true,
                        },
                        new MountRequest
                        {
                            Type = "bind",
                            Source = "/tmp",
                            Target = "/w",
                            ReadOnly = true,
                            ReadOnlyNonRecursive = true,
                        },
                    ],
                }
            )
        );

    [Fact]
    public void A_dev_of_the_users_own_is_not_hidden_by_ours()
    {
        var mounts = BundleWriter.Write(BundleSamples.Request(new HostSettings { Binds = ["/dev:/dev"] })).Mounts!;

        Assert.Equal(["/", "/proc", "/sys", "/sys/fs/cgroup", "/dev"], mounts.Take(5).Select(m => m.Destination));
        Assert.DoesNotContain(mounts, m => m.Destination.StartsWith("/dev/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("builtin", false, "builtin")]
    [InlineData("builtin", true, null)]
    [InlineData("unconfined", false, null)]
    public void The_engines_seccomp_profile_holds_unless_the_container_is_privileged(
        string engine,
        bool privileged,
        string? expected
    )
    {
        var request = BundleSamples.Request(new HostSettings { Privileged = privileged }) with { SeccompProfile = engine };

        Assert.Equal(expected is null, BundleWriter.Write(request).Linux!.Seccomp is null);
    }

    [Fact]
    public void A_privileged_container_keeps_a_profile_that_its_user_names()
    {
        var host = new HostSettings { Privileged = true, SecurityOpt = ["seccomp={\"defaultAction\":\"SCMP_ACT_LOG\"}"] };

        Assert.Equal("SCMP_ACT_LOG", BundleWriter.Write(BundleSamples.Request(host)).Linux!.Seccomp!.DefaultAction);
    }

    [Theory]
    [InlineData(null, "/skiff/")]
    [InlineData("", "/skiff/")]
    [InlineData("/", "/")]
    [InlineData("a/b/", "/a/b/")]
    public void The_cgroup_is_below_its_parent(string? parent, string expected) =>
        Assert.Equal(expected + "x", BundleWriter.CgroupsPath("/skiff", new HostSettings { CgroupParent = parent }, "x"));

    [Theory]
    [InlineData("../x")]
    [InlineData("/a/../../b")]
    public void A_cgroup_parent_that_climbs_is_refused(string parent) =>
        Assert.Throws<EngineException>(() => BundleWriter.CgroupsPath("/skiff", new HostSettings { CgroupParent = parent }, "x"));

    [Fact]
    public void A_relative_working_directory_is_refused_in_dockers_words()
    {
        var config = new ContainerConfig { Cmd = ["sh"], WorkingDir = "rel" };
        var e = Assert.Throws<EngineException>(() => BundleWriter.Write(BundleSamples.Request(new HostSettings(), config)));

        Assert.Equal("the working directory 'rel' is invalid, it needs to be an absolute path", e.Message);
    }

    [Fact]
    public void A_variable_without_a_name_is_refused() =>
        Assert.Throws<EngineException>(() => BundleWriter.Environment(["=x"], "h", false, "/"));

    // The seccomp profile is long, and has goldens of its own.
    static void Compare(string name, BundleRequest request)
    {
        var spec = BundleWriter.Write(request);
        Golden.Compare($"bundles/{name}.json", BundleSamples.Json(spec with { Linux = spec.Linux! with { Seccomp = null } }));
    }
}
