using Skiff.Engine;
using Skiff.Engine.Build;
using Skiff.Engine.Dockerfile;

namespace Skiff.Tests.Engine.Dockerfile;

public sealed class DockerfileParserTests
{
    static ParsedDockerfile Parse(string text) => DockerfileParser.Parse(text);

    [Fact]
    public void Joins_continued_lines_and_leaves_comments_out()
    {
        var file = Parse("FROM a\nRUN one \\\n  # not this\n  two \\\n\n  three\nCMD x\n");
        Assert.Equal(["FROM", "RUN", "CMD"], file.Instructions.Select(i => i.Keyword));
        Assert.Equal("one   two   three", file.Instructions[1].Arguments);
        Assert.Equal([1, 2, 7], file.Instructions.Select(i => i.Line));
        Assert.Equal([5], file.EmptyContinuations);
    }

    [Fact]
    public void Reads_the_escape_directive_only_at_the_top()
    {
        Assert.Equal('`', Parse("# escape=`\nFROM a\nRUN dir `\n c:\\\n").Escape);
        Assert.Equal('\\', Parse("# a comment\n# escape=`\nFROM a\n").Escape);
        Assert.Equal("c:\\", Parse("# escape=`\nFROM a\nRUN c:\\\n").Instructions[1].Arguments);
    }

    [Fact]
    public void Takes_flags_off_the_front_and_unquotes_them()
    {
        var copy = Parse("FROM a\nCOPY --chown=\"a b\" --link --from=x src --not=flag dst\n").Instructions[1];
        Assert.Equal([("chown", "a b"), ("link", null), ("from", "x")], copy.Flags.Select(f => (f.Name, f.Value)));
        Assert.Equal("src --not=flag dst", copy.Arguments);
    }

    [Fact]
    public void Reads_heredocs_to_their_ends()
    {
        var run = Parse("FROM a\nRUN <<A cat <<-'B'\none\nA\n\ttwo $X\n\tB\nCMD y\n").Instructions[1];
        Assert.Equal([("A", "one\n", true), ("B", "two $X\n", false)], run.Heredocs.Select(h => (h.Name, h.Content, h.Expand)));
        var failure = Assert.Throws<DockerfileException>(() => Parse("FROM a\nRUN <<A\none\n"));
        Assert.Equal(2, failure.Line);
    }

    [Theory]
    [InlineData("FROM a\nCOPPY a b\n", 2, "unknown instruction: COPPY (did you mean COPY?)")]
    [InlineData("RUN x\nFROM a\n", 1, "no build stage in current context")]
    [InlineData("FROM a\nENV x\n", 2, "ENV must have two arguments")]
    [InlineData("FROM a\nENV a=b c\n", 2, "can't find = in \"c\"")]
    [InlineData("FROM a\nCOPY --form=x a b\n", 2, "unknown flag: --form (did you mean from?)")]
    [InlineData("FROM a\nHEALTHCHECK --interval=1x CMD a\n", 2, "--interval cannot be \"1x\"")]
    [InlineData("FROM a b\n", 1, "FROM requires either one or three arguments")]
    [InlineData("FROM a\nONBUILD ONBUILD RUN x\n", 2, "Chaining ONBUILD")]
    [InlineData("# nothing\n", 1, "file with no instructions")]
    public void Points_at_what_is_wrong(string text, int line, string message)
    {
        var failure = Assert.Throws<DockerfileException>(() => StageList.Of(Parse(text)));
        Assert.Equal(line, failure.Line);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Survives_any_text()
    {
        var random = new Random(1);
        string[] pieces =
        [
            "FROM a",
            "RUN <<E",
            "\n",
            " ",
            "\\",
            "--x=",
            "[\"a\"",
            "COPY",
            "$",
            "{",
            "\"",
            "E",
            "#",
            "escape=`",
            "\t",
            "ENV a=",
        ];
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                StageList.Of(Parse(text));
            }
            catch (EngineException)
            {
                // told, not thrown from somewhere
            }
        }
    }
}
