// The ranges of --userns-remap, read from texts like those of /etc/subuid.
using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Host;
using Xunit;

namespace Skiff.Tests.Engine.Host;

public sealed class SubordinateIdsTests
{
    const string Users = "alice:100000:65536\nbob:200000:1000\nbroken\nzero:0:5\n";
    const string Groups = "alice:300000:65536\nstaff:400000:500\n";

    [Fact]
    public void Takes_the_ranges_of_a_user_and_of_the_group_of_that_name() =>
        Assert.Equal(new UserIds(100000, 300000, 65536), SubordinateIds.Find("alice", Users, Groups));

    [Fact]
    public void Takes_the_smaller_of_two_ranges() =>
        Assert.Equal(new UserIds(200000, 400000, 500), SubordinateIds.Find("bob:staff", Users, Groups));

    [Fact]
    public void Has_a_range_of_its_own_for_default_where_the_files_have_none()
    {
        Assert.Equal(0x7FFD_0000u, SubordinateIds.Find("default", Users, Groups)!.FirstUid);
        Assert.Equal(7u, SubordinateIds.Find("default", "dockremap:7:9", "dockremap:7:9")!.FirstUid);
    }

    [Theory]
    [InlineData("carol")]
    [InlineData("broken")]
    [InlineData("zero:alice")]
    [InlineData("bob")]
    public void Names_the_file_that_has_no_range(string who) =>
        Assert.Contains(
            "/etc/sub",
            Assert.Throws<EngineException>(() => SubordinateIds.Find(who, Users, Groups)).Message,
            StringComparison.Ordinal
        );
}
