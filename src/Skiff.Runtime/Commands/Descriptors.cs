// Descriptors and files that callers of create, run and exec hand over or want written.
using System.Globalization;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

internal static class Descriptors
{
    /// <summary>How many descriptors from 3 up go to the process: those asked for, and those of a service manager.</summary>
    /// <exception cref="LaunchException">one of them is not open</exception>
    public static int Preserved(int asked)
    {
        int count = asked;
        for (int i = 3; i < 3 + asked; i++)
        {
            if (!FdIo.IsOpen(i))
                throw new LaunchException(FailureKind.Other, $"please check that preserved-fd {i - 3} (of {asked}) is present");
        }
        if (
            int.TryParse(
                Environment.GetEnvironmentVariable("LISTEN_FDS"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int passed
            )
        )
            count += passed; // sd_listen_fds(3); they come first, and --preserve-fds counts behind them
        return count;
    }

    /// <summary>The size that a terminal has from the beginning: as configured, or that of our own, if that is served.</summary>
    public static WindowSize SizeOf(SpecProcess process, bool served) =>
        process.ConsoleSize is { Height: > 0 } size ? new WindowSize(size.Height, size.Width)
        : served ? Termios.GetWindowSize(0) ?? default
        : default;

    public static Fd ConnectTo(string socket) => UnixSocket.Connect(Path.GetDirectoryName(socket)!, Path.GetFileName(socket));

    public static void WritePid(string file, int pid) =>
        AtomicFile.Write(file, Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)), durable: false);
}
