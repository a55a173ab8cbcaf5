// A process in the foreground: signals go on to it, a terminal is served, its end is ours.
using System.Runtime.InteropServices;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Terminals;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Commands;

internal static class Foreground
{
    static readonly (PosixSignal Name, int Number)[] Forwarded =
    [
        (PosixSignal.SIGINT, 2),
        (PosixSignal.SIGTERM, 15),
        (PosixSignal.SIGHUP, 1),
        (PosixSignal.SIGQUIT, 3),
        ((PosixSignal)10, 10), // SIGUSR1
        ((PosixSignal)12, 12), // SIGUSR2
    ];

    /// <summary>Waits for the end. Returns the exit status, or 128 + the signal.</summary>
    /// <param name="terminal">the one the process has, if we hold it; else it has our own stdio</param>
    public static int Wait(LaunchedProcess process, Pty? terminal)
    {
        var registrations = new List<PosixSignalRegistration>(Forwarded.Length + 1);
        try
        {
            foreach ((PosixSignal name, int number) in Forwarded)
                registrations.Add(Forward(name, number, process.Pidfd));
            if (terminal is not null)
            {
                registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => PassSize(terminal)));
                using var relay = new TerminalRelay(terminal, process.Pidfd);
                relay.Run();
            }
            return Pidfd.Reap(process.Pidfd).ShellCode;
        }
        finally
        {
            foreach (PosixSignalRegistration registration in registrations)
                registration.Dispose();
        }
    }

    static PosixSignalRegistration Forward(PosixSignal name, int number, Fd pidfd) =>
        PosixSignalRegistration.Create(
            name,
            context =>
            {
                context.Cancel = true;
                Pidfd.SendSignal(pidfd, number);
            }
        );

    static void PassSize(Pty terminal)
    {
        if (Termios.GetWindowSize(0) is { } size)
            Termios.SetWindowSize(terminal.Master.Number, size);
    }
}
