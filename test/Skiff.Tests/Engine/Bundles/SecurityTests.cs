using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class SecurityTests
{
    [Theory]
    [InlineData("no-new-privileges", true, null, false)]
    [InlineData("no-new-privileges:true", true, null, false)]
    [InlineData("no-new-privileges=false", false, null, false)]
    [InlineData("seccomp=unconfined", null, "unconfined", false)]
    [InlineData("seccomp:builtin", null, "builtin", false)]
    [InlineData("seccomp={\"a\":\"b=c\"}", null, "{\"a\":\"b=c\"}", false)]
    [InlineData("systempaths=unconfined", null, null, true)]
    [InlineData("label:disable", null, null, false)]
    public void Options_mean_what_they_mean_to_docker(string option, bool? noNewPrivileges, string? seccomp, bool systemPaths) =>
        Assert.Equal(
            new SecurityOptions(noNewPrivileges, seccomp, systemPaths),
            SecurityOptions.Parse([option], BundleSamples.Facts)
        );

    [Theory]
    [InlineData(null, false, "skiff-default")]
    [InlineData("apparmor=docker-default", false, "skiff-default")]
    [InlineData("apparmor=unconfined", false, "unconfined")]
    [InlineData("apparmor:mine", false, "mine")]
    [InlineData(null, true, "unconfined")]
    [InlineData("apparmor=mine", true, "mine")]
    public void Every_container_has_an_AppArmor_profile_where_there_is_AppArmor(string? option, bool privileged, string profile)
    {
        var facts = BundleSamples.Facts with { AppArmor = true, AppArmorProfile = AppArmorProfile.Name };
        var host = new HostSettings { SecurityOpt = option is null ? [] : [option], Privileged = privileged };

        Assert.Equal(profile, BundleWriter.AppArmorProfileOf(host, facts));
        Assert.Equal(
            profile == "unconfined" ? null : profile,
            BundleWriter.Write(BundleSamples.Request(host) with { Facts = facts }).Process!.ApparmorProfile
        );
        Assert.Equal("", BundleWriter.AppArmorProfileOf(host with { SecurityOpt = [] }, BundleSamples.Facts));
    }

    [Theory]
    [InlineData("foo", ErrorKind.InvalidParameter)]
    [InlineData("foo=bar", ErrorKind.InvalidParameter)]
    [InlineData("no-new-privileges=x", ErrorKind.InvalidParameter)]
    [InlineData("systempaths=x", ErrorKind.InvalidParameter)]
    [InlineData("apparmor=mine", ErrorKind.InvalidParameter)]
    [InlineData("label=", ErrorKind.NotImplemented)]
    public void An_option_that_cannot_be_honoured_is_refused_by_name(string option, ErrorKind kind)
    {
        var e = Assert.Throws<EngineException>(() => SecurityOptions.Parse([option], BundleSamples.Facts));

        Assert.Equal(kind, e.Kind);
        Assert.Contains(option, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_discarded_with_a_warning_where_nothing_reads_them_and_refused_where_something_does()
    {
        var host = new HostSettings { SecurityOpt = ["label=type:x", "label=disable"] };
        Assert.Equal(
            ["SELinux is not enabled on this machine. --security-opt label=type:x discarded."],
            HostSettingsValidator.Validate(host, BundleSamples.Facts)
        );
        var there = BundleSamples.Facts with { SELinux = true };
        Assert.Empty(HostSettingsValidator.Validate(host, there));
        Assert.Equal(
            ErrorKind.NotImplemented,
            Assert.Throws<EngineException>(() => SecurityOptions.Parse(host.SecurityOpt, there)).Kind
        );
    }

    [Theory]
    [InlineData("foo", "", "", false)]
    [InlineData("kernel.pid_max", "", "", false)]
    [InlineData("kernel.hostname", "", "", false)]
    [InlineData("net.ipv4.ip_forward", "", "", true)]
    [InlineData("net.ipv4.ip_forward", "host", "", false)]
    [InlineData("kernel.msgmax", "", "", true)]
    [InlineData("fs.mqueue.msg_max", "", "host", false)]
    [InlineData("kernel.domainname", "", "", true)]
    public void Only_settings_of_the_containers_own_namespaces_may_be_changed(
        string name,
        string network,
        string ipc,
        bool allowed
    )
    {
        var host = new HostSettings
        {
            NetworkMode = network.Length > 0 ? network : "bridge",
            IpcMode = ipc,
            Sysctls = new Dictionary<string, string> { [name] = "1" },
        };
        if (allowed)
            Assert.Equal("1", Sysctls.Of(host)![name]);
        else
            Assert.Contains(
                $"sysctl '{name}'",
                Assert.Throws<EngineException>(() => Sysctls.Of(host)).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void A_setting_of_the_users_outdoes_the_default()
    {
        var host = new HostSettings
        {
            Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "1024" },
        };

        Assert.Equal("1024", Sysctls.Of(host)!["net.ipv4.ip_unprivileged_port_start"]);
    }

    [Theory]
    [InlineData("0", "0", 1)]
    [InlineData("0-3,8", "0-3,8", 5)]
    [InlineData("5-5", "5", 1)]
    [InlineData("0-2147483647", "0-2147483647", 2147483648)]
    public void Lists_of_processors_are_read(string text, string shown, long count)
    {
        var ranges = NumberRanges.TryParse(text)!;
        Assert.Equal((shown, count), (ranges.ToString(), ranges.Count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("3-1")]
    [InlineData("1-2-3")]
    [InlineData("99999999999")]
    [InlineData("a")]
    public void Malformed_lists_of_processors_are_none(string text) => Assert.Null(NumberRanges.TryParse(text));
}
