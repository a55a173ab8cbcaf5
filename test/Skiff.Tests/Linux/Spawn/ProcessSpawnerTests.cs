// Programs get what they were given and nothing else.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Xunit;

namespace Skiff.Tests.Linux.Spawn;

public sealed class ProcessSpawnerTests
{
    [Fact]
    public void The_program_has_only_the_named_descriptors_and_environment()
    {
        (string output, ExitStatus status) = Run("ls -m /proc/self/fd; env; exit 7");
        // 0, 1, 2 are ours; ls itself holds one on the directory.
        Assert.StartsWith("0, 1, 2, 3\n", output, StringComparison.Ordinal);
        Assert.Contains("A=b c\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("HOME=", output, StringComparison.Ordinal);
        Assert.Equal(new ExitStatus(false, 7), status);
    }

    [Fact]
    public void Ignored_signals_are_default_again_and_only_the_named_ones_blocked()
    {
        // Not through a shell: dash unblocks everything when it starts.
        (string output, _) = Run(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"], blocked: [1, 15]);
        Assert.Equal("SigBlk:\t0000000000004001\nSigIgn:\t0000000000000000\n", output);
    }

    [Fact]
    public void A_program_killed_by_a_signal_says_which()
    {
        (_, ExitStatus status) = Run("kill -9 $$");
        Assert.Equal(new ExitStatus(true, 9), status);
        Assert.Equal(137, status.ShellCode);
    }

    [Fact]
    public void A_missing_program_is_an_error_that_names_it()
    {
        var exception = Assert.Throws<ErrnoException>(() =>
            ProcessSpawner.Start(
                new SpawnRequest
                {
                    Path = "/nonexistent",
                    Arguments = ["x"],
                    Descriptors = [],
                }
            )
        );
        Assert.Equal("posix_spawn(/nonexistent): ENOENT", exception.Message);
    }

    [Fact]
    public void Signals_reach_a_process_through_its_handle_until_it_is_reaped()
    {
        using Fd null0 = FdIo.OpenReadWrite("/dev/null");
        SpawnedProcess process = ProcessSpawner.Start(
            new SpawnRequest
            {
                Path = "/bin/sleep",
                Arguments = ["sleep", "100"],
                Descriptors = [null0],
            }
        );
        using Fd pidfd = process.Pidfd;
        Assert.Null(Pidfd.TryReap(pidfd));
        Assert.True(Pidfd.SendSignal(pidfd, 15));
        Assert.Equal(new ExitStatus(true, 15), Pidfd.Reap(pidfd));
        Assert.False(Pidfd.SendSignal(pidfd, 15));
    }

    [Fact]
    public void Many_at_once_do_not_hold_each_others_descriptors()
    {
        // A pipe leaked into a neighbour would keep the reader below waiting until that neighbour ended.
        Parallel.For(0, 40, _ => Assert.Equal("x\n", Run("echo x").Output));
    }

    static (string Output, ExitStatus Status) Run(string script) => Run(["sh", "-c", script]);

    static (string Output, ExitStatus Status) Run(IReadOnlyList<string> arguments, IReadOnlyList<int>? blocked = null)
    {
        (Fd read, Fd write) = FdIo.Pipe();
        using Fd null0 = FdIo.OpenReadWrite("/dev/null");
        SpawnedProcess process = ProcessSpawner.Start(
            new SpawnRequest
            {
                Path = "/bin/" + arguments[0],
                Arguments = arguments,
                Environment = ["A=b c", "PATH=/usr/bin:/bin"],
                Descriptors = [null0, write, write],
                BlockedSignals = blocked ?? [],
            }
        );
        write.Dispose();
        using (read)
        using (process.Pidfd)
        {
            var output = new StringBuilder();
            byte[] buffer = new byte[4096];
            int count;
            while ((count = FdIo.TryRead(read, buffer, out _)) > 0)
                output.Append(Encoding.UTF8.GetString(buffer, 0, count));
            return (output.ToString(), Pidfd.Reap(process.Pidfd));
        }
    }
}
