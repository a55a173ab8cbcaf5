// The grammar of the command line.
using Skiff.Cli;
using Skiff.Cli.Options;
using Xunit;

namespace Skiff.Tests.Cli.Options;

public sealed class FlagSetTests
{
    readonly FlagSet flags = new() { Interspersed = false };
    readonly BoolFlag interactive,
        tty,
        remove;
    readonly ListFlag env,
        publish;
    readonly StringFlag name;
    readonly IntegerFlag shares;

    public FlagSetTests()
    {
        interactive = flags.Bool("interactive", "", 'i');
        tty = flags.Bool("tty", "", 't');
        remove = flags.Bool("rm", "");
        env = flags.List("env", "", 'e');
        publish = flags.List("publish", "", 'p');
        name = flags.String("name", "");
        shares = flags.Integer("cpu-shares", "", 'c');
    }

    List<string> Parse(string line) => flags.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("-it debian bash -c ls", "debian bash -c ls")]
    [InlineData("-i -t debian -e X --rm", "debian -e X --rm")]
    [InlineData("-ti --rm=false debian", "debian")]
    [InlineData("--interactive --tty=true -- -debian -i", "-debian -i")]
    [InlineData("-itp80:80 debian", "debian")]
    [InlineData("-itp=80:80 debian", "debian")]
    [InlineData("-it -p 80:80 debian -p", "debian -p")]
    public void Ends_flags_at_the_first_argument(string line, string arguments)
    {
        Assert.Equal(arguments, string.Join(' ', Parse(line)));
        Assert.True(interactive);
        Assert.True(tty);
        Assert.False(remove);
        Assert.Equal(line.Contains("80") ? ["80:80"] : [], publish.Values);
    }

    [Fact]
    public void Gives_a_flag_that_needs_a_value_the_next_word_whatever_it_is()
    {
        Assert.Equal(["x"], Parse("-e --rm --name -i -e A=b=c --env=D= -c -5 x"));
        Assert.Equal(["--rm", "A=b=c", "D="], env.Values);
        Assert.Equal("-i", name.Value);
        Assert.Equal(-5, shares.Value);
        Assert.False(remove);
    }

    [Fact]
    public void Takes_flags_after_arguments_where_the_command_allows()
    {
        var set = new FlagSet();
        var force = set.Bool("force", "", 'f');
        Assert.Equal(["a", "b", "-", "-f"], set.Parse(["a", "-f", "b", "-", "--", "-f"]));
        Assert.True(force);
    }

    [Theory]
    [InlineData("--foo x", "unknown flag: --foo")]
    [InlineData("-Z x", "unknown shorthand flag: 'Z' in -Z")]
    [InlineData("-iZt x", "unknown shorthand flag: 'Z' in -Zt")]
    [InlineData("--name", "flag needs an argument: --name")]
    [InlineData("-e", "flag needs an argument: 'e' in -e")]
    [InlineData("-ie", "flag needs an argument: 'e' in -e")]
    [InlineData("--=x", "bad flag syntax: --=x")]
    [InlineData("---x", "bad flag syntax: ---x")]
    [InlineData(
        "-c x y",
        "invalid argument \"x\" for \"-c, --cpu-shares\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
    )]
    [InlineData(
        "--rm=maybe x",
        "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"
    )]
    public void Says_what_is_wrong_in_dockers_words(string line, string message) =>
        Assert.Equal(message, Assert.Throws<FlagException>(() => Parse(line)).Message);
}
