// The log file: rotated, whole, and never in the container's way.
using System.Text;
using System.Text.Json;
using Skiff.Linux;
using Skiff.Runtime.Shim;
using Skiff.Tasks;
using Xunit;

namespace Skiff.Tests.Runtime.Shim;

public sealed class ContainerLogTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-test").FullName;

    string LogPath => Path.Combine(directory, "id-json.log");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Nothing_is_written_before_a_flush_and_all_after_it()
    {
        using var log = new ContainerLog(LogPath, maxBytes: 0, maxFiles: 1);
        log.Append(TaskFraming.Stdout, "a\nb"u8);
        Assert.Equal(0, new FileInfo(LogPath).Length);
        log.Flush();
        Assert.Equal(["stdout:a\n"], Read(LogPath));
        log.Append(TaskFraming.Stderr, "c\n"u8);
        log.End();
        log.Flush();
        Assert.Equal(["stdout:a\n", "stderr:c\n", "stdout:b"], Read(LogPath));
    }

    [Fact]
    public void A_second_run_appends()
    {
        for (int run = 0; run < 2; run++)
        {
            using var log = new ContainerLog(LogPath, maxBytes: 0, maxFiles: 1);
            log.Append(TaskFraming.Stdout, "x\n"u8);
            log.Flush();
        }
        Assert.Equal(2, Read(LogPath).Count);
    }

    [Fact]
    public void Files_are_rotated_by_size_and_the_oldest_goes()
    {
        using (var log = new ContainerLog(LogPath, maxBytes: 200, maxFiles: 3))
        {
            for (int i = 0; i < 20; i++)
                log.Append(TaskFraming.Stdout, Encoding.ASCII.GetBytes($"line {i}\n"));
            log.Flush();
        }
        Assert.Equal(
            ["id-json.log", "id-json.log.1", "id-json.log.2"],
            Directory.GetFiles(directory).Select(Path.GetFileName).Order()
        );
        // Three lines of some 70 bytes make a file of 200 or more.
        Assert.Equal(["stdout:line 18\n", "stdout:line 19\n"], Read(LogPath));
        Assert.Equal(["stdout:line 15\n", "stdout:line 16\n", "stdout:line 17\n"], Read(LogPath + ".1"));
        Assert.Equal(["stdout:line 12\n", "stdout:line 13\n", "stdout:line 14\n"], Read(LogPath + ".2"));
    }

    [Fact]
    public void A_single_file_is_emptied_when_it_is_full()
    {
        using (var log = new ContainerLog(LogPath, maxBytes: 200, maxFiles: 1))
        {
            for (int i = 0; i < 4; i++)
                log.Append(TaskFraming.Stdout, Encoding.ASCII.GetBytes($"line {i}\n"));
            log.Flush();
        }
        Assert.Equal(["id-json.log"], Directory.GetFiles(directory).Select(Path.GetFileName));
        Assert.Equal(["stdout:line 3\n"], Read(LogPath));
    }

    [Fact]
    public void A_full_disk_loses_lines_and_nothing_else()
    {
        using var log = new ContainerLog("/dev/full", maxBytes: 0, maxFiles: 1);
        log.Append(TaskFraming.Stdout, "lost\n"u8);
        log.Flush();
        Assert.Equal(Errno.ENOSPC, log.LastError);
        Assert.True(log.LostBytes > 0);
        log.Append(TaskFraming.Stdout, "lost too\n"u8);
        log.Flush();
    }

    static List<string> Read(string path) =>
        [
            .. File.ReadLines(path)
                .Select(line =>
                {
                    using var json = JsonDocument.Parse(line);
                    return json.RootElement.GetProperty("stream").GetString()
                        + ":"
                        + json.RootElement.GetProperty("log").GetString();
                }),
        ];
}
