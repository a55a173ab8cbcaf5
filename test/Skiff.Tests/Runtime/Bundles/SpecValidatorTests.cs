// What config.json must not say.
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Launch;
using Xunit;

namespace Skiff.Tests.Runtime.Bundles;

public sealed class SpecValidatorTests
{
    static readonly LinuxNamespace[] Namespaces = [new() { Type = "mount" }, new() { Type = "ipc" }];

    static Spec Valid { get; } =
        new()
        {
            Root = new() { Path = "rootfs" },
            Process = new() { Args = ["sh"] },
            Linux = new() { Namespaces = Namespaces },
        };

    [Fact]
    public void Accepts_a_plain_container() => SpecValidator.Check(Valid);

    [Fact]
    public void Refuses_a_hook_whose_path_is_not_absolute() =>
        Refused("not absolute", Valid with { Hooks = new() { Poststop = [new() { Path = "x" }] } });

    [Fact]
    public void Refuses_intelRdt_and_page_sizes_that_are_paths()
    {
        Refused("linux.intelRdt", With(new() { Namespaces = Namespaces, IntelRdt = new() }));
        Refused(
            "page size",
            With(
                new()
                {
                    Namespaces = Namespaces,
                    Resources = new() { HugepageLimits = [new() { PageSize = "../x" }] },
                }
            )
        );
    }

    [Fact]
    public void Refuses_a_hook_without_time_to_run() =>
        Refused("not above 0", Valid with { Hooks = new() { Prestart = [new() { Path = "/x", Timeout = 0 }] } });

    [Fact]
    public void Refuses_a_user_namespace() =>
        Refused("user namespace", With(new() { Namespaces = [.. Namespaces, new() { Type = "user" }] }));

    [Fact]
    public void Refuses_to_share_the_mount_namespace_of_the_host() =>
        Refused("without a mount namespace", With(new() { Namespaces = [new() { Type = "pid" }] }));

    [Fact]
    public void Refuses_a_sysctl_of_the_host()
    {
        Refused("not in a separate kernel namespace", With(Sysctl("net.ipv4.ip_forward")));
        Refused("not in a separate kernel namespace", With(Sysctl("vm.swappiness")));
        Refused("not in a separate kernel namespace", With(Sysctl("net/../kernel/core_pattern")));
        SpecValidator.Check(With(Sysctl("kernel.shmmax")));
    }

    [Fact]
    public void Refuses_a_sysctl_that_climbs() =>
        Refused(
            "malformed",
            With(
                new()
                {
                    Namespaces = [.. Namespaces, new() { Type = "network" }],
                    Sysctl = new Dictionary<string, string> { ["net/../../x"] = "1" },
                }
            )
        );

    [Fact]
    public void Refuses_a_cgroup_path_that_climbs() =>
        Refused("\"..\"", With(new() { Namespaces = Namespaces, CgroupsPath = "/a/../../b" }));

    [Fact]
    public void Refuses_an_unknown_capability() =>
        Refused(
            "CAP_NOPE",
            Valid with
            {
                Process = new()
                {
                    Args = ["sh"],
                    Capabilities = new() { Bounding = ["CAP_NOPE"] },
                },
            }
        );

    [Fact]
    public void Refuses_no_program() => Refused("process.args", Valid with { Process = new() { Args = [] } });

    [Fact]
    public void Refuses_a_zero_byte_in_the_environment() =>
        Refused(
            "zero byte",
            Valid with
            {
                Process = new() { Args = ["sh"], Env = ["A=\0"] },
            }
        );

    static Spec With(LinuxSpec linux) => Valid with { Linux = linux };

    static LinuxSpec Sysctl(string key) =>
        new()
        {
            Namespaces = Namespaces,
            Sysctl = new Dictionary<string, string> { [key] = "1" },
        };

    static void Refused(string words, Spec spec)
    {
        var failure = Assert.Throws<LaunchException>(() => SpecValidator.Check(spec));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }
}
