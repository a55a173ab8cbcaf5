// Platforms as users write them, and which image suits which machine.
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Oci.Names;

public sealed class PlatformParserTests
{
    static readonly Platform Host = new() { OS = "linux", Architecture = "amd64" };

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/v6", "linux/arm/v6")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("x86_64", "linux/amd64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("Linux", "linux/amd64")]
    [InlineData("windows", "windows/amd64")]
    [InlineData("linux/unheard-of", "linux/unheard-of")]
    public void Reads_platforms(string text, string expected)
    {
        Assert.True(PlatformParser.TryParse(text, Host, out var platform, out _));
        Assert.Equal(expected, platform.ToString());
    }

    [Theory]
    [InlineData("", "\"\" is an invalid component")]
    [InlineData("linux/", "\"\" is an invalid component")]
    [InlineData("a b", "\"a b\" is an invalid component")]
    [InlineData("nonsense", "\"nonsense\": unknown operating system or architecture: invalid argument")]
    [InlineData("a/b/c/d", "\"a/b/c/d\": cannot parse platform specifier: invalid argument")]
    public void Refuses_other_text(string text, string error)
    {
        Assert.False(PlatformParser.TryParse(text, Host, out _, out var message));
        Assert.StartsWith(error, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", 0)]
    [InlineData("linux/amd64", "linux/amd64/v1", 0)]
    [InlineData("linux/amd64", "linux/amd64/v3", -1)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", 1)]
    [InlineData("linux/amd64/v3", "linux/amd64", 2)]
    [InlineData("linux/amd64", "linux/386", 1)]
    [InlineData("linux/amd64", "linux/arm64", -1)]
    [InlineData("linux/amd64", "windows/amd64", -1)]
    [InlineData("linux/arm64", "linux/arm64/v8", 0)]
    [InlineData("linux/arm/v7", "linux/arm/v6", 1)]
    [InlineData("linux/arm/v6", "linux/arm/v7", -1)]
    [InlineData("linux/amd64", "unknown/unknown", -1)]
    public void Ranks_what_can_stand_in(string wanted, string offered, int rank)
    {
        Assert.True(PlatformParser.TryParse(wanted, Host, out var w, out _));
        Assert.True(PlatformParser.TryParse(offered, Host, out var o, out _));
        Assert.Equal(rank, w.Suits(o));
    }
}
