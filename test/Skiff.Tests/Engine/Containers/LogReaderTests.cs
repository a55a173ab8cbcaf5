using System.Text;
using Skiff.Engine.Containers;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class LogReaderTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory().FullName;
    string Log => Path.Combine(directory, "c-json.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    static string Line(string text, string stream = "stdout", int second = 0) =>
        $$"""{"log":"{{text}}\n","stream":"{{stream}}","time":"2026-01-02T03:04:{{second:00}}.123456789Z"}""" + "\n";

    async Task<string> ReadAsync(LogRequest request, Task? ended = null)
    {
        var text = new StringBuilder();
        await foreach (
            var line in LogReader.ReadAsync(Log, request, ended ?? Task.CompletedTask, TestContext.Current.CancellationToken)
        )
            text.Append(Encoding.UTF8.GetString(line.Text.Span));
        return text.ToString();
    }

    [Fact]
    public async Task Reads_rotated_files_oldest_first()
    {
        File.WriteAllText(Log + ".2", Line("one"));
        File.WriteAllText(Log + ".1", Line("two"));
        File.WriteAllText(Log, Line("three"));
        Assert.Equal("one\ntwo\nthree\n", await ReadAsync(new LogRequest()));
    }

    [Fact]
    public async Task The_tail_counts_wanted_lines_over_all_files()
    {
        File.WriteAllText(Log + ".1", Line("one") + Line("err", "stderr"));
        File.WriteAllText(Log, Line("two") + Line("three"));
        Assert.Equal("two\nthree\n", await ReadAsync(new LogRequest { Tail = 2, Stderr = false }));
        Assert.Equal("", await ReadAsync(new LogRequest { Tail = 0 }));
    }

    [Fact]
    public async Task Streams_and_times_select()
    {
        File.WriteAllText(Log, Line("a", second: 1) + Line("b", "stderr", 2) + Line("c", second: 3));
        var since = DateTimeOffset.Parse("2026-01-02T03:04:02Z", null);
        Assert.Equal("b\nc\n", await ReadAsync(new LogRequest { Since = since }));
        Assert.Equal("a\n", await ReadAsync(new LogRequest { Until = since }));
        Assert.Equal("b\n", await ReadAsync(new LogRequest { Stdout = false }));
    }

    [Fact]
    public async Task A_torn_or_foreign_line_is_skipped()
    {
        File.WriteAllText(Log, Line("a") + "{\"log\":\"torn\n" + "[]\n" + Line("b") + "{\"log\":\"half");
        Assert.Equal("a\nb\n", await ReadAsync(new LogRequest()));
    }

    [Fact]
    public async Task Following_sees_new_lines_and_a_rotation_and_ends_with_the_container()
    {
        File.WriteAllText(Log, Line("one"));
        var ended = new TaskCompletionSource();
        var seen = new List<string>();
        await foreach (
            var line in LogReader.ReadAsync(
                Log,
                new LogRequest { Follow = true },
                ended.Task,
                TestContext.Current.CancellationToken
            )
        )
        {
            seen.Add(Encoding.UTF8.GetString(line.Text.Span));
            if (seen.Count == 1)
                File.AppendAllText(Log, Line("two"));
            if (seen.Count == 2)
            {
                File.Move(Log, Log + ".1");
                File.WriteAllText(Log, Line("three"));
            }
            if (seen.Count == 3)
                ended.SetResult();
        }
        Assert.Equal(["one\n", "two\n", "three\n"], seen);
    }
}
