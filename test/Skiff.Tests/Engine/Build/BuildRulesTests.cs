using Skiff.Engine.Build;
using Skiff.Engine.Dockerfile;

namespace Skiff.Tests.Engine.Build;

public sealed class BuildRulesTests
{
    [Theory]
    [InlineData("*.md\n!readme.md", "a.md", true)]
    [InlineData("*.md\n!readme.md", "readme.md", false)]
    [InlineData("!readme.md\n*.md", "readme.md", true)]
    [InlineData("node_modules", "node_modules/x/y.js", true)]
    [InlineData("**/deep", "a/b/deep/c", true)]
    [InlineData("/lib/*.txt", "lib/a.txt", true)]
    [InlineData("lib/*.txt", "x/lib/a.txt", false)]
    [InlineData("# lib\n\n./lib/", "lib", true)]
    [InlineData("app\n!app/keep", "app/keep/x", false)]
    [InlineData("[ab]?.txt", "a1.txt", true)]
    public void Ignores_what_its_last_matching_line_says(string file, string path, bool ignored) =>
        Assert.Equal(ignored, new IgnoreFile(file).Ignores(path));

    [Theory]
    [InlineData("644", 0x1ed, false, 0x1a4)]
    [InlineData("u=rwX,go=rX", 0x180, true, 0x1ed)]
    [InlineData("u=rwX,go=rX", 0x180, false, 0x1a4)]
    [InlineData("+x", 0x1a4, false, 0x1ed)]
    [InlineData("o-r,g+w", 0x1a4, false, 0x1b0)]
    [InlineData("4755", 0, false, 0x9ed)]
    public void Chmod_takes_numbers_and_symbols(string text, int before, bool isDirectory, int after) =>
        Assert.Equal((uint)after, FileModes.Parse(text)((uint)before, isDirectory));

    [Theory, InlineData("888"), InlineData("77777"), InlineData("u"), InlineData("z+x"), InlineData("u+q"), InlineData("")]
    public void Chmod_refuses_the_rest(string text) => Assert.Throws<FormatException>(() => FileModes.Parse(text));

    [Theory]
    [InlineData("1m30s", 90_000_000_000L)]
    [InlineData("1.5h", 5_400_000_000_000L)]
    [InlineData("300ms", 300_000_000L)]
    [InlineData("0", 0L)]
    [InlineData("5", null)]
    [InlineData("1parsec", null)]
    [InlineData("99999999999h", null)]
    public void Durations_are_read_as_in_go(string text, long? expected) => Assert.Equal(expected, GoDuration.TryParse(text));

    [Fact]
    public void No_part_of_a_key_can_pass_for_another() => Assert.NotEqual(BuildCache.Key("ab", "c"), BuildCache.Key("a", "bc"));

    [Fact]
    public void A_value_is_not_in_what_is_kept_of_a_key()
    {
        var key = new StepKey();
        key.Add("ARG TOKEN", "hunter2");
        Assert.DoesNotContain(key.Parts().Values, v => v.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("type=cache,target=/c,sharing=locked", "cache", "/c", false)]
    [InlineData("target=rel", "bind", "/w/rel", true)]
    [InlineData("type=bind,target=/x,rw", "bind", "/x", false)]
    [InlineData("type=secret,id=key", "secret", "/run/secrets/key", true)]
    [InlineData("type=tmpfs,target=/t,size=10m", "tmpfs", "/t", false)]
    public void Mounts_of_a_run_are_read(string text, string type, string target, bool readOnly)
    {
        var run = DockerfileParser.ParseLine("RUN x", 1);
        var mount = RunMount.Parse(text, run, new Expansion('\\', _ => null), "/w");
        Assert.Equal((type, target, readOnly), (mount.Type, mount.Target, mount.ReadOnly));
    }
}
