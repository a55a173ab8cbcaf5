using System.Text;
using Skiff.Engine;
using Skiff.Engine.Containers;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class DetachKeysTests
{
    static (string Passed, bool Detached) Feed(DetachKeys keys, string input)
    {
        byte[] output = new byte[input.Length + keys.Length];
        var (written, detached) = keys.Feed(Encoding.ASCII.GetBytes(input), output);
        return (Encoding.ASCII.GetString(output, 0, written), detached);
    }

    [Fact]
    public void The_default_sequence_detaches_and_is_not_passed_on() =>
        Assert.Equal(("ls\n", true), Feed(DetachKeys.Parse(null), "ls\n\x10\x11"));

    [Fact]
    public void A_sequence_that_breaks_off_is_passed_on()
    {
        var keys = DetachKeys.Parse(null);
        Assert.Equal(("", false), Feed(keys, "\x10"));
        Assert.Equal(("\x10x", false), Feed(keys, "x"));
    }

    [Fact]
    public void A_sequence_may_begin_again_after_its_first_key()
    {
        var keys = DetachKeys.Parse(null);
        Assert.Equal(("\x10", true), Feed(keys, "\x10\x10\x11"));
    }

    [Theory]
    [InlineData("a,b", "ab")]
    [InlineData("ctrl-a,ctrl-[", "\x01\x1b")]
    [InlineData("ctrl-\\", "\x1c")]
    public void Sequences_of_the_user(string text, string typed) => Assert.True(Feed(DetachKeys.Parse(text), typed).Detached);

    [Theory]
    [InlineData("ctrl-")]
    [InlineData("ctrl-A")]
    [InlineData("ab")]
    [InlineData(",")]
    public void A_wrong_sequence_is_an_error(string text) => Assert.Throws<EngineException>(() => DetachKeys.Parse(text));
}
