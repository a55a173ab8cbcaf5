// Signals that come to us and are meant for the container; and changes of the terminal's size.
using System.Runtime.InteropServices;
using Skiff.Linux.Processes;
using Skiff.Linux.Terminals;

namespace Skiff.Cli.Terminal;

/// <summary>Passes signals on, until disposed.</summary>
internal sealed class SignalProxy : IDisposable
{
    // signal(7): HUP INT QUIT USR1 USR2 ALRM TERM CONT TSTP. KILL and STOP cannot be caught; CHLD, PIPE, URG and WINCH
    // concern this process itself.
    static readonly int[] Forwarded = [1, 2, 3, 10, 12, 14, 15, 18, 20];
    readonly List<PosixSignalRegistration> registrations = [];

    /// <param name="send">called with "SIGTERM", on a thread of its own</param>
    public SignalProxy(Action<string> send)
    {
        foreach (int number in Forwarded)
            registrations.Add(
                PosixSignalRegistration.Create(
                    Portable(number),
                    context =>
                    {
                        context.Cancel = true;
                        send(Signals.NameOf(number));
                    }
                )
            );
    }

    // .NET gives the common signals numbers of its own and takes the rest as they are.
    static PosixSignal Portable(int number) =>
        number switch
        {
            1 => PosixSignal.SIGHUP,
            2 => PosixSignal.SIGINT,
            3 => PosixSignal.SIGQUIT,
            15 => PosixSignal.SIGTERM,
            18 => PosixSignal.SIGCONT,
            20 => PosixSignal.SIGTSTP,
            _ => (PosixSignal)number,
        };

    public void Dispose() => registrations.ForEach(r => r.Dispose());
}

/// <summary>Tells the engine the size of our terminal: now, and whenever it changes.</summary>
internal sealed class WindowSizeProxy : IDisposable
{
    readonly EngineClient engine;
    readonly string path;
    readonly Lock gate = new();
    readonly PosixSignalRegistration? registration;

    /// <param name="path">"/containers/x" or "/exec/x"</param>
    /// <param name="engine">owned: no one else's</param>
    public WindowSizeProxy(EngineClient engine, string path, bool redraw = false)
    {
        this.engine = engine;
        this.path = path;
        if (Termios.GetWindowSize(Stdio.Out.Number) is null)
            return;
        // A size that differs makes a program that is already running draw its screen again.
        if (redraw)
            Send(1);
        Send(0);
        registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Send(0));
    }

    void Send(int more)
    {
        if (Termios.GetWindowSize(Stdio.Out.Number) is not { } size || size == default)
            return;
        lock (gate)
            try
            {
                engine.Do("POST", new Query(path + "/resize").Add("h", $"{size.Rows + more}").Add("w", $"{size.Columns + more}"));
            }
            catch (CliException)
            {
                // It ended meanwhile, or has not begun.
            }
    }

    public void Dispose()
    {
        registration?.Dispose();
        engine.Dispose();
    }
}
