using Skiff.Runtime.Commands;

namespace Skiff.Tests.Runtime.Commands;

public sealed class ArgumentsTests
{
    static Arguments Parse(params string[] given) => Arguments.Parse("test", given, ["bundle|b", "env|e"], ["force|f"]);

    [Theory]
    [InlineData("--bundle", "/x", "id")]
    [InlineData("--bundle=/x", "id")]
    [InlineData("-b", "/x", "id")]
    [InlineData("-b=/x", "id")]
    [InlineData("-bundle", "/x", "id")]
    [InlineData("id", "--bundle", "/x")]
    public void A_flag_may_be_written_in_every_way_that_runc_takes(params string[] given)
    {
        Arguments arguments = Parse(given);
        Assert.Equal("/x", arguments.Value("bundle"));
        Assert.Equal("id", arguments.OnlyId());
    }

    [Fact]
    public void A_flag_that_repeats_keeps_all_values_and_the_last_counts()
    {
        Arguments arguments = Parse("-e", "A=1", "--env=B=2", "--force=false", "id");
        Assert.Equal(["A=1", "B=2"], arguments.All("env"));
        Assert.Equal("B=2", arguments.Value("env"));
        Assert.False(arguments.Has("force"));
    }

    [Fact]
    public void After_the_operand_of_an_exec_flags_belong_to_the_program()
    {
        var arguments = Arguments.Parse("exec", ["-e", "A=1", "id", "ls", "-e", "--", "x"], ["env|e"], [], endAtOperand: true);
        Assert.Equal(["id", "ls", "-e", "--", "x"], arguments.Operands);
        Assert.Equal(["A=1"], arguments.All("env"));
    }

    [Theory]
    [InlineData("flag provided but not defined: --nope", "--nope", "id")]
    [InlineData("flag needs an argument: --bundle", "id", "--bundle")]
    [InlineData("container id cannot be empty")]
    [InlineData("unexpected argument b", "a", "b")]
    public void What_is_wrong_is_said(string message, params string[] given) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Parse(given).OnlyId()).Message, StringComparison.Ordinal);
}
