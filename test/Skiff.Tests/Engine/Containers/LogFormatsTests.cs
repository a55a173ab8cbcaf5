// The shim writes what the engine reads, in both formats.
using System.Text;
using Skiff.Engine.Containers;
using Skiff.Runtime.Shim;
using Skiff.Tasks;

namespace Skiff.Tests.Engine.Containers;

public sealed class LogFormatsTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory().FullName;
    string Log => Path.Combine(directory, "container.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("local")]
    [InlineData("json-file")]
    public async Task What_is_written_is_read_whole_and_from_its_end(string driver)
    {
        LogEncoder encoder = driver == "local" ? new LocalLogEncoder() : new JsonLogEncoder(null);
        string huge = new('x', 1 << 20);
        using (var log = new ContainerLog(Log, 512 << 10, 9, encoder))
        {
            log.Append(TaskFraming.Stdout, "one\n"u8);
            log.Append(TaskFraming.Stderr, "zwö\n"u8);
            log.Append(TaskFraming.Stdout, Encoding.ASCII.GetBytes(huge + "\n"));
            log.Append(TaskFraming.Stdout, "last"u8);
            log.End();
            log.Flush();
        }
        Assert.True(File.Exists(Log + ".1"));
        Assert.Equal("one\nzwö\n" + huge + "\nlast", await ReadAsync(driver, new LogRequest()));
        Assert.Equal("last", await ReadAsync(driver, new LogRequest { Tail = 1 }));
        Assert.Equal("zwö\n", await ReadAsync(driver, new LogRequest { Stdout = false, Tail = 3 }));
        Assert.Equal("", await ReadAsync(driver, new LogRequest { Since = DateTimeOffset.UtcNow.AddMinutes(1) }));
        Assert.EndsWith(
            "zwö\n" + huge + "\nlast",
            await ReadAsync(driver, new LogRequest { Since = DateTimeOffset.UnixEpoch }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_local_format_is_dockers()
    {
        var encoder = new LocalLogEncoder();
        encoder.Add("hi"u8, newline: true, stderr: false, DateTime.UnixEpoch.AddTicks(17954971642805));
        // As docker 28 writes it, but for the time.
        Assert.Equal(
            Convert.FromHexString("00000014" + "0a067374646f7574" + "10f4d2efb799ce98" + "03" + "1a026869" + "00000014").Length,
            encoder.Bytes.Length
        );
        Assert.Equal("00000015"[..6], Convert.ToHexString(encoder.Bytes[..3]));
        Assert.Equal("\n\u0006stdout\u0010", Encoding.ASCII.GetString(encoder.Bytes[4..13]));
        Assert.Equal("\u001a\u0002hi", Encoding.ASCII.GetString(encoder.Bytes[^8..^4]));
        Assert.Equal(encoder.Bytes[..4].ToArray(), encoder.Bytes[^4..].ToArray());
    }

    [Fact]
    public async Task A_damaged_local_log_ends_there()
    {
        var encoder = new LocalLogEncoder();
        encoder.Add("good"u8, newline: true, stderr: false, DateTime.UtcNow);
        File.WriteAllBytes(Log, [.. encoder.Bytes, 0x7f, 0xff, 0xff, 0xff, .. encoder.Bytes]);
        Assert.Equal("good\n", await ReadAsync("local", new LogRequest()));
    }

    async Task<string> ReadAsync(string driver, LogRequest request)
    {
        var text = new StringBuilder();
        await foreach (
            var line in LogReader.ReadAsync(Log, driver, request, Task.CompletedTask, TestContext.Current.CancellationToken)
        )
            text.Append(Encoding.UTF8.GetString(line.Text.Span));
        return text.ToString();
    }
}
