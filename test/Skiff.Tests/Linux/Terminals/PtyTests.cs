// A pseudo-terminal really is one, and its settings go there and back.
using Skiff.Linux.Terminals;
using Xunit;

namespace Skiff.Tests.Linux.Terminals;

public sealed class PtyTests
{
    [Fact]
    public void Opens_a_pair_whose_slave_is_a_terminal_of_the_given_size()
    {
        using Pty pty = Pty.Open(new WindowSize(40, 132));
        Assert.True(Termios.IsTerminal(pty.Slave.Number));
        Assert.Equal(new WindowSize(40, 132), Termios.GetWindowSize(pty.Slave.Number));
        Termios.SetWindowSize(pty.Master.Number, new WindowSize(24, 80));
        Assert.Equal(new WindowSize(24, 80), Termios.GetWindowSize(pty.Slave.Number));
    }

    [Fact]
    public void Raw_mode_turns_off_output_processing_and_the_saved_settings_bring_it_back()
    {
        using Pty pty = Pty.Open();
        Termios before = Termios.MakeRaw(pty.Slave.Number);
        Assert.Equal("a\n", Echo(pty));
        before.Apply(pty.Slave.Number);
        Assert.Equal("a\r\n", Echo(pty));
    }

    [Fact]
    public void A_file_is_no_terminal()
    {
        using FileStream file = File.OpenRead("/dev/null");
        int number = (int)file.SafeFileHandle.DangerousGetHandle();
        Assert.False(Termios.IsTerminal(number));
        Assert.Null(Termios.GetWindowSize(number));
        Assert.Throws<Skiff.Linux.ErrnoException>(() => Termios.MakeRaw(number));
    }

    static string Echo(Pty pty)
    {
        File.WriteAllText(pty.Slave.ProcPath, "a\n");
        byte[] buffer = new byte[16];
        using FileStream master = new(
            new Microsoft.Win32.SafeHandles.SafeFileHandle(pty.Master.Number, ownsHandle: false),
            FileAccess.Read,
            bufferSize: 0
        );
        return System.Text.Encoding.ASCII.GetString(buffer, 0, master.Read(buffer));
    }
}
