using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class CapabilityListTests
{
    [Fact]
    public void Without_settings_they_are_dockers_fourteen() => Assert.Equal(14, Resolve(new HostSettings()).Count);

    [Fact]
    public void A_name_may_be_written_in_any_case_with_or_without_its_prefix()
    {
        var list = Resolve(new HostSettings { CapAdd = ["net_admin", "CAP_SYS_TIME"], CapDrop = ["Chown"] });

        Assert.Contains("CAP_NET_ADMIN", list);
        Assert.Contains("CAP_SYS_TIME", list);
        Assert.DoesNotContain("CAP_CHOWN", list);
    }

    [Fact]
    public void All_are_those_that_the_engine_has()
    {
        Assert.Equal(BundleSamples.Facts.Capabilities, Resolve(new HostSettings { CapAdd = ["all"] }));
        Assert.Equal(BundleSamples.Facts.Capabilities, Resolve(new HostSettings { Privileged = true, CapDrop = ["ALL"] }));
    }

    [Fact]
    public void All_but_some() =>
        Assert.Equal(
            BundleSamples.Facts.Capabilities.Where(c => c != "CAP_NET_RAW"),
            Resolve(new HostSettings { CapAdd = ["ALL", "NET_RAW"], CapDrop = ["NET_RAW"] })
        );

    [Fact]
    public void None_but_some() =>
        Assert.Equal(["CAP_CHOWN"], Resolve(new HostSettings { CapAdd = ["CHOWN"], CapDrop = ["ALL"] }));

    [Fact]
    public void A_capability_both_added_and_dropped_is_there() =>
        Assert.Contains("CAP_CHOWN", Resolve(new HostSettings { CapAdd = ["CHOWN"], CapDrop = ["CHOWN"] }));

    [Theory]
    [InlineData("FOO", "invalid CapAdd: unknown capability: \"CAP_FOO\"")]
    [InlineData("cap_all", "invalid CapAdd: unknown capability: \"CAP_ALL\"")]
    [InlineData(
        "SYS_RESOURCE",
        "invalid CapAdd: capability not supported by your kernel or not available in the current environment: \"CAP_SYS_RESOURCE\""
    )]
    public void What_is_not_to_be_had_is_refused_in_dockers_words(string name, string message) =>
        Assert.Equal(message, Assert.Throws<EngineException>(() => Resolve(new HostSettings { CapAdd = [name] })).Message);

    [Fact]
    public void Another_user_than_root_has_none_but_may_gain_them_by_programs_that_carry_them()
    {
        var sets = CapabilityList.Sets(["CAP_CHOWN"], uid: 1000);

        Assert.Equal(["CAP_CHOWN"], sets.Bounding!);
        Assert.Empty(sets.Effective!);
        Assert.Empty(sets.Permitted!);
    }

    static IReadOnlyList<string> Resolve(HostSettings host) => CapabilityList.Resolve(host, BundleSamples.Facts.Capabilities);
}
