// Lists of processors.
using Skiff.Runtime.Launch;
using Xunit;

namespace Skiff.Tests.Runtime.Launch;

public sealed class SchedulingPlanTests
{
    [Theory]
    [InlineData("0", 0x01, 0x00)]
    [InlineData("0-3,9", 0x0F, 0x02)]
    [InlineData("1, 8-9", 0x02, 0x03)]
    public void Reads_lists_of_processors(string list, int first, int second)
    {
        byte[] mask = SchedulingPlan.Processors(list)!;
        Assert.Equal(0, mask.Length % 8); // the kernel takes whole words
        Assert.Equal((first, second), (mask[0], mask[1]));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("3-1")]
    [InlineData("1-2-3")]
    [InlineData("1,")]
    [InlineData("-1")]
    [InlineData("8192")]
    [InlineData("99999999999")]
    public void Refuses_what_is_no_list(string list) => Assert.Null(SchedulingPlan.Processors(list));
}
