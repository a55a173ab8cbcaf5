using Skiff.Engine.Dockerfile;

namespace Skiff.Tests.Engine.Dockerfile;

public sealed class ExpansionTests
{
    static readonly Dictionary<string, string> Values = new()
    {
        ["v"] = "value",
        ["empty"] = "",
        ["path"] = "/a/b/c.tar.gz",
        ["two"] = "a b",
    };

    static Expansion Expansion() => new('\\', Values.GetValueOrDefault);

    [Theory]
    [InlineData("$v", "value")]
    [InlineData("${v}x", "valuex")]
    [InlineData("a$none", "a")]
    [InlineData("'$v'", "$v")]
    [InlineData("\"$v\"", "value")]
    [InlineData("\\$v", "$v")]
    [InlineData("\"a\\nb\"", "a\\nb")]
    [InlineData("${none:-d}${empty:-d}${empty-d}${none-d}", "ddd")]
    [InlineData("${v:+alt}${empty:+alt}${empty+alt}", "altalt")]
    [InlineData("${none:-${v}}", "value")]
    [InlineData("${path#*/}|${path##*/}|${path%.*}|${path%%.*}", "a/b/c.tar.gz|c.tar.gz|/a/b/c.tar|/a/b/c")]
    [InlineData("${path/a/X}|${path//\\//_}", "/X/b/c.tar.gz|_a_b_c.tar.gz")]
    [InlineData("$", "$")]
    public void Replaces_variables(string text, string expected) => Assert.Equal(expected, Expansion().Word(text));

    [Fact]
    public void A_value_with_blanks_stays_one_word() =>
        Assert.Equal(["x", "a b", "c d", "e"], Expansion().Words("x $two 'c d'  e"));

    [Theory]
    [InlineData("\"a", "failed to process \"\\\"a\": unexpected end of statement")]
    [InlineData("${v", "looking for matching }")]
    [InlineData("${none:?say so}", "none: say so")]
    [InlineData("${v^^}", "unsupported modifier")]
    public void Tells_what_it_cannot_read(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Expansion().Word(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Remembers_what_was_missing()
    {
        var expansion = Expansion();
        expansion.Word("$v $none ${other}");
        Assert.Equal(["none", "other"], expansion.Missing.Order());
    }
}
