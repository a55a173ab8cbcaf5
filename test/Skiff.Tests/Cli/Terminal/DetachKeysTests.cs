// The key sequence that leaves a container running.
using System.Text;
using Skiff.Cli.Terminal;
using Xunit;

namespace Skiff.Tests.Cli.Terminal;

public sealed class DetachKeysTests
{
    static (string Passed, bool Detached) Type(DetachKeys keys, params string[] pieces)
    {
        string passed = "";
        foreach (string piece in pieces)
        {
            var typed = Encoding.Latin1.GetBytes(piece);
            var output = new byte[typed.Length + keys.Held];
            int count = keys.Filter(typed, output, out bool detached);
            passed += Encoding.Latin1.GetString(output, 0, count);
            if (detached)
                return (passed, true);
        }
        return (passed, false);
    }

    [Theory]
    [InlineData("hello", "hello", false)]
    [InlineData("a\u0010\u0011b", "a", true)]
    [InlineData("\u0010x", "\u0010x", false)]
    [InlineData("\u0010\u0010\u0011", "\u0010", true)]
    [InlineData("\u0011\u0010", "\u0011", false)]
    public void Finds_the_default_sequence(string typed, string passed, bool detached)
    {
        Assert.Equal((passed, detached), Type(DetachKeys.Parse(null), typed));
        Assert.Equal((passed, detached), Type(DetachKeys.Parse(""), [.. typed.Select(c => c.ToString())]));
    }

    [Fact]
    public void Holds_back_a_beginning_until_it_is_decided()
    {
        var keys = DetachKeys.Parse("a,b,c");
        Assert.Equal(("x", false), Type(keys, "xab"));
        Assert.Equal(("abd", false), Type(keys, "d"));
        Assert.Equal(("", true), Type(keys, "ab", "c"));
    }

    [Theory]
    [InlineData("ctrl-a", "\u0001")]
    [InlineData("ctrl-@", "\0")]
    [InlineData("ctrl-[", "\u001b")]
    [InlineData("ctrl-\\", "\u001c")]
    [InlineData("ctrl-_,x", "\u001fx")]
    public void Reads_control_keys(string notation, string typed) =>
        Assert.Equal(("", true), Type(DetachKeys.Parse(notation), typed));

    [Theory]
    [InlineData("ctrl-")]
    [InlineData("ctrl-1")]
    [InlineData("shift-a")]
    [InlineData("a,,b")]
    public void Refuses_other_notations(string notation) =>
        Assert.Contains("Unknown character", Assert.Throws<FormatException>(() => DetachKeys.Parse(notation)).Message);
}
