// Mount options of config.json.
using Skiff.Linux.Mounts;
using Skiff.Runtime.Launch;
using Xunit;

namespace Skiff.Tests.Runtime.Launch;

public sealed class MountOptionsTests
{
    static MountOptions Parse(params string[] options) => MountOptions.Parse("/x", options);

    [Fact]
    public void Sorts_flags_propagation_and_data()
    {
        MountOptions options = Parse("rbind", "ro", "nosuid", "rslave", "size=64m", "mode=1777", "defaults");
        Assert.True(options.Bind);
        Assert.True(options.BindRecursive);
        Assert.Equal(new MountChange(MountFlags.ReadOnly | MountFlags.NoSuid), options.Change);
        Assert.Equal(MountPropagation.Slave, options.Propagation);
        Assert.True(options.PropagationRecursive);
        Assert.Equal(["size=64m", "mode=1777"], options.Data);
    }

    [Fact]
    public void A_later_option_outdoes_an_earlier_one()
    {
        Assert.Equal(new MountChange(default, MountFlags.ReadOnly), Parse("ro", "rw").Change);
        Assert.Equal(new MountChange(MountFlags.NoExec), Parse("exec", "noexec").Change);
        Assert.Equal(
            new MountChange(MountFlags.StrictAccessTime, MountFlags.AccessTimes & ~MountFlags.StrictAccessTime),
            Parse("noatime", "strictatime").Change with
            {
                Clear = Parse("noatime", "strictatime").Change.Clear & ~MountFlags.StrictAccessTime,
            }
        );
    }

    [Fact]
    public void Recursive_flags_are_apart()
    {
        MountOptions options = Parse("ro", "rro", "rnosuid");
        Assert.Equal(new MountChange(MountFlags.ReadOnly), options.Change);
        Assert.Equal(new MountChange(MountFlags.ReadOnly | MountFlags.NoSuid), options.Recursive);
    }

    [Fact]
    public void Copying_up_is_no_option_of_the_filesystem()
    {
        Assert.True(Parse("tmpcopyup", "size=1m").CopyUp);
        Assert.Equal(["size=1m"], Parse("tmpcopyup", "size=1m").Data);
    }

    [Theory]
    [InlineData("remount")]
    [InlineData("copy-up")]
    public void Refuses_what_it_cannot_do(string option)
    {
        var failure = Assert.Throws<LaunchException>(() => Parse(option));
        Assert.Contains(option, failure.Message, StringComparison.Ordinal);
    }
}
