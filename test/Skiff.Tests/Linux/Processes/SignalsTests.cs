// Signal names and numbers.
using Skiff.Linux.Processes;
using Xunit;

namespace Skiff.Tests.Linux.Processes;

public sealed class SignalsTests
{
    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("SIGTERM", 15)]
    [InlineData("sigkill", 9)]
    [InlineData("9", 9)]
    [InlineData("SIGCHLD", 17)]
    [InlineData("CLD", 17)]
    [InlineData("WINCH", 28)]
    [InlineData("SYS", 31)]
    [InlineData("RTMIN", 34)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("RTMAX", 64)]
    [InlineData("SIGRTMAX-14", 50)]
    public void Reads_what_docker_kill_reads(string text, int signal) => Assert.Equal(signal, Signals.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("SIG")]
    [InlineData("SIGNOPE")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMAX+1")]
    public void Refuses_what_is_no_signal(string text) => Assert.Null(Signals.TryParse(text));

    [Fact]
    public void Every_number_has_a_name_that_reads_back()
    {
        for (int signal = 1; signal <= 64; signal++)
        {
            if (signal is not (32 or 33)) // glibc's own
                Assert.Equal(signal, Signals.TryParse(Signals.NameOf(signal)));
        }
    }
}
