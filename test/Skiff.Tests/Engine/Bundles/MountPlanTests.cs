using Skiff.Engine;
using Skiff.Engine.Bundles;
using Xunit;

namespace Skiff.Tests.Engine.Bundles;

public sealed class MountPlanTests
{
    static string Plan(HostSettings host, string[]? places = null, params MountRequest[] others) =>
        string.Join(
            ' ',
            MountPlan
                .Of(host, places ?? [], _ => others)
                .Select(m => $"{m.Type}:{m.Source}:{m.Target}{(m.ReadOnly ? ":ro" : "")}{(m.NoCopy ? ":nocopy" : "")}")
        );

    static MountRequest Volume(string name, string target, bool readOnly = false) =>
        new()
        {
            Type = "volume",
            Source = name,
            Target = target,
            ReadOnly = readOnly,
        };

    [Fact]
    public void A_source_without_a_slash_is_the_name_of_a_volume() =>
        Assert.Equal("volume:data:/a:ro bind:/x:/b", Plan(new HostSettings { Binds = ["data:/a:ro", "/x:/b"] }));

    [Fact]
    public void Places_of_the_image_get_volumes_unless_something_is_there_already() =>
        Assert.Equal(
            "volume:data:/a volume::/d",
            Plan(
                new HostSettings
                {
                    Binds = ["data:/a/"],
                    Tmpfs = new Dictionary<string, string> { ["/c"] = "" },
                },
                ["/a", "/c", "/d"]
            )
        );

    [Fact]
    public void What_another_container_mounts_comes_first_and_yields_to_ones_own() =>
        Assert.Equal(
            "volume:other:/b:ro:nocopy volume:mine:/a",
            Plan(
                new HostSettings { Binds = ["mine:/a"], VolumesFrom = ["web:ro"] },
                ["/b"],
                Volume("theirs", "/a"),
                Volume("other", "/b"),
                new MountRequest { Type = "tmpfs", Target = "/t" }
            )
        );

    [Fact]
    public void A_read_only_mount_of_another_does_not_become_writable() =>
        Assert.Equal(
            "volume:v1:/a:ro:nocopy",
            Plan(new HostSettings { VolumesFrom = ["web:rw"] }, [], Volume("v1", "/a", readOnly: true))
        );

    [Theory]
    [InlineData("web:xx", "invalid mode: xx")]
    [InlineData(":ro", "malformed volumes-from specification: :ro")]
    [InlineData("web:nocopy", "invalid mode for volumes-from: nocopy")]
    public void A_malformed_volumes_from_is_refused(string text, string message)
    {
        var e = Assert.Throws<EngineException>(() => Plan(new HostSettings { VolumesFrom = [text] }));
        Assert.Equal((ErrorKind.InvalidParameter, message), (e.Kind, e.Message));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/x")]
    public void A_path_within_a_volume_that_leads_out_is_refused(string subpath)
    {
        var mount = Volume("data", "/a") with { Subpath = subpath };
        var e = Assert.Throws<EngineException>(() => Plan(new HostSettings { Mounts = [mount] }));
        Assert.Contains("volume subpath must be a relative path within the volume", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_of_ones_own_for_one_place_are_refused()
    {
        var e = Assert.Throws<EngineException>(() => Plan(new HostSettings { Binds = ["v1:/a", "v2:/b/../a"] }));
        Assert.Equal("Duplicate mount point: /a", e.Message);
    }
}
