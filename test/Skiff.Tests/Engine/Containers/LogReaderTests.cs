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
            var line in LogReader.ReadAsync(
                Log,
                "json-file",
                request,
                ended ?? Task.CompletedTask,
                TestContext.Current.CancellationToken
            )
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
                "json-file",
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

    [Fact]
    public async Task Following_misses_no_file_of_several_rotations_at_once()
    {
        File.WriteAllText(Log, Line("one"));
        var ended = new TaskCompletionSource();
        var seen = new List<string>();
        await foreach (
            var line in LogReader.ReadAsync(
                Log,
                "json-file",
                new LogRequest { Follow = true },
                ended.Task,
                TestContext.Current.CancellationToken
            )
        )
        {
            seen.Add(Encoding.UTF8.GetString(line.Text.Span));
            if (seen.Count == 1)
            {
                // Written and rotated twice between two looks: the last line of the old file is read too.
                File.AppendAllText(Log, Line("two"));
                File.Move(Log, Log + ".2");
                File.WriteAllText(Log + ".1", Line("three"));
                File.WriteAllText(Log, Line("four"));
            }
            if (seen.Count == 4)
                ended.SetResult();
        }
        Assert.Equal(["one\n", "two\n", "three\n", "four\n"], seen);
    }

    [Fact]
    public async Task Following_ends_at_its_time_though_nothing_is_written()
    {
        File.WriteAllText(Log, Line("one"));
        var request = new LogRequest { Follow = true, Until = DateTimeOffset.UtcNow.AddMilliseconds(50) };
        Assert.Equal("one\n", await ReadAsync(request, new TaskCompletionSource().Task));
    }

    [Fact]
    public async Task The_tail_of_a_big_log_is_found_from_its_end()
    {
        // The beginning would be an error to read: it is no text at all, and longer than a line may be.
        using (var file = File.Create(Log))
        {
            file.SetLength(1L << 33);
            file.Position = file.Length;
            file.Write(Encoding.UTF8.GetBytes("\n" + Line("a") + Line(new string('b', 100_000)) + Line("c")));
        }
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(new string('b', 100_000) + "\nc\n", await ReadAsync(new LogRequest { Tail = 2 }));
        Assert.Equal("c\n", await ReadAsync(new LogRequest { Tail = 1 }));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), "8 GiB were read");
    }

    [Fact]
    public async Task The_time_to_begin_at_is_found_from_the_end_over_files()
    {
        File.WriteAllText(Log + ".2", Line("a", second: 1));
        File.WriteAllText(Log + ".1", Line("b", second: 2) + Line("c", second: 3));
        File.WriteAllText(Log, Line("d", second: 4));
        var since = DateTimeOffset.Parse("2026-01-02T03:04:03Z", null);
        Assert.Equal("c\nd\n", await ReadAsync(new LogRequest { Since = since }));
        Assert.Equal("d\n", await ReadAsync(new LogRequest { Since = since, Tail = 1 }));
        Assert.Equal("c\nd\n", await ReadAsync(new LogRequest { Since = since, Tail = 9 }));
    }

    [Fact]
    public async Task Attributes_are_read()
    {
        File.WriteAllText(
            Log,
            """{"log":"a\n","stream":"stdout","attrs":{"A":"1","tag":"x/y"},"time":"2026-01-02T03:04:05Z"}""" + "\n"
        );
        var lines = new List<LogLine>();
        await foreach (
            var line in LogReader.ReadAsync(
                Log,
                "json-file",
                new LogRequest(),
                Task.CompletedTask,
                TestContext.Current.CancellationToken
            )
        )
            lines.Add(line);
        Assert.Equal(["A=1", "tag=x/y"], lines[0].Attributes!.Select(a => $"{a.Key}={a.Value}"));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_empty()
    {
        Assert.Equal("", await ReadAsync(new LogRequest { Follow = true }));
        Directory.Delete(directory);
        Assert.Equal("", await ReadAsync(new LogRequest { Follow = true }));
        Directory.CreateDirectory(directory);
    }

    [Fact]
    public async Task A_rotation_that_is_half_done_hides_no_file()
    {
        // The oldest has been moved, its number is free: what lies behind the gap counts too.
        File.WriteAllText(Log + ".3", Line("one"));
        File.WriteAllText(Log + ".1", Line("two"));
        File.WriteAllText(Log, Line("three"));
        Assert.Equal("one\ntwo\nthree\n", await ReadAsync(new LogRequest()));
    }
}
