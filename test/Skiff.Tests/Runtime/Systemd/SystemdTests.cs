using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.Systemd;
using Xunit;

namespace Skiff.Tests.Runtime.Systemd;

public sealed class SystemdTests
{
    [Theory]
    [InlineData("system.slice:docker:abc", "system.slice", "docker-abc.scope", "/system.slice/docker-abc.scope")]
    [InlineData(":libpod:1", "system.slice", "libpod-1.scope", "/system.slice/libpod-1.scope")]
    [InlineData("a-b-c.slice::x", "a-b-c.slice", "x.scope", "/a.slice/a-b.slice/a-b-c.slice/x.scope")]
    [InlineData("-.slice:p:x", "-.slice", "p-x.scope", "/p-x.scope")]
    public void A_path_of_three_parts_is_a_scope_in_a_slice(string path, string slice, string unit, string place)
    {
        var scope = SystemdScope.Parse(path)!;
        Assert.Equal((slice, unit, place), (scope.Slice, scope.Unit, scope.CgroupPath));
    }

    [Theory]
    [InlineData("/skiff/x")]
    [InlineData("")]
    [InlineData(null)]
    public void A_plain_path_is_none(string? path) => Assert.Null(SystemdScope.Parse(path));

    [Theory]
    [InlineData("system.slice:x")]
    [InlineData("system.slice:p:")]
    [InlineData("system.slice:p:x:y")]
    [InlineData("system:p:x")]
    [InlineData("a/b.slice:p:x")]
    [InlineData("a--b.slice:p:x")]
    [InlineData("system.slice:p:../x")]
    public void Rejects_what_systemd_would_not_take(string path) =>
        Assert.Throws<LaunchException>(() => SystemdScope.Parse(path));

    [Fact]
    public void A_call_is_laid_out_as_the_specification_says()
    {
        byte[] call = BusMessage.Call(7, "d.d", "/p", "i.i", "Do", "su", new BusWriter().String("ab").UInt32(5).ToArray());
        Assert.Equal(call.Length, BusMessage.LengthOf(call));
        Assert.Equal(0, (call.Length - 12) % 8); // the body: 4 + 3, to 8, and 4
        Assert.Equal([2, 0, 0, 0, (byte)'a', (byte)'b', 0, 0, 5, 0, 0, 0], call[^12..]);
        var message = BusMessage.Parse(call);
        Assert.Equal((BusMessage.MethodCall, "Do"), (message.Type, message.Member));
        Assert.Equal("ab", new BusReader(message.Body).String());
    }

    [Fact]
    public void An_array_says_its_bytes_without_those_before_its_first_element() =>
        Assert.Equal(
            [1, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0],
            new BusWriter().UInt32(1).Array(8, a => a.UInt64(9)).ToArray()
        );

    [Theory]
    [InlineData(new byte[] { (byte)'B', 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { (byte)'l', 1, 0, 1, 0, 0, 0, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0 })]
    public void Rejects_a_message_that_is_none_of_ours(byte[] start) =>
        Assert.Throws<InvalidDataException>(() => BusMessage.LengthOf(start));

    [Fact]
    public void Rejects_a_string_that_is_longer_than_its_message() =>
        Assert.Throws<InvalidDataException>(() => new BusReader([255, 255, 255, 255, 1]).String());

    [Theory]
    [InlineData(50_000, 100_000, 500_000)]
    [InlineData(33_333, 100_000, 340_000)]
    [InlineData(-1, 100_000, ulong.MaxValue)]
    public void A_quota_is_rounded_up_to_what_systemd_counts(long quota, ulong period, ulong expected) =>
        Assert.Equal(expected, ScopeProperties.PerSecond(quota, period));

    [Fact]
    public void Limits_are_told_in_the_words_of_systemd()
    {
        var limits = new LinuxResources
        {
            Memory = new LinuxMemory { Limit = 10, Swap = 30 },
            Pids = new LinuxPids { Limit = -1 },
        };
        var writer = new BusWriter();
        ScopeProperties.Limits(writer, limits);
        string text = System.Text.Encoding.Latin1.GetString(writer.ToArray());
        Assert.Contains("MemoryMax\0\u0001t\0", text, StringComparison.Ordinal);
        Assert.Contains("MemorySwapMax\0\u0001t\0", text, StringComparison.Ordinal);
        Assert.Contains("TasksMax\0\u0001t\0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("CPUWeight", text, StringComparison.Ordinal);
    }
}
