// A process at the other end of a stream, joined with our own stdin, stdout and stderr.
using System.Runtime.InteropServices;
using Skiff.Docker;
using Skiff.Linux;
using Skiff.Linux.Terminals;

namespace Skiff.Cli.Terminal;

/// <summary>
/// Copies both ways. With a terminal the output is raw and our own terminal is put into raw mode, so that every key,
/// ctrl-c too, goes to the process; else the output comes in frames. The terminal is restored whatever happens.
/// </summary>
internal sealed class TtySession(HijackedStream stream, bool tty, bool stdin, DetachKeys? keys)
{
    volatile bool detached;

    /// <summary>The user typed the detach keys: the process goes on without us.</summary>
    public bool Detached => detached;

    /// <summary>What is written: stdout, stderr.</summary>
    public bool Stdout { get; init; } = true;
    public bool Stderr { get; init; } = true;

    /// <summary>Returns when the output has ended or the user detached.</summary>
    /// <param name="ready">called when our terminal is ready, before anything is copied</param>
    /// <exception cref="StdioErrorException">the engine reports an error in the stream</exception>
    public void Run(Action? ready = null)
    {
        using var raw = tty && stdin && Stdio.In.IsTerminal ? new RawTerminal() : null;
        ready?.Invoke();
        if (stdin)
            new Thread(CopyInput, 128 << 10) { IsBackground = true }.Start();
        else
            stream.CloseWrite();
        CopyOutput();
    }

    void CopyOutput()
    {
        var buffer = new byte[32 << 10];
        var demultiplexer = tty ? null : new StdioDemultiplexer();
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            if (demultiplexer is null)
                Stdio.Out.Write(buffer.AsSpan(0, count));
            else
                demultiplexer.Feed(buffer.AsSpan(0, count), Write);
        }
    }

    void Write(StdioStream from, ReadOnlySpan<byte> bytes)
    {
        if (from == StdioStream.Stderr ? Stderr : Stdout)
            (from == StdioStream.Stderr ? Stdio.Error : Stdio.Out).Write(bytes);
    }

    void CopyInput()
    {
        var typed = new byte[32 << 10];
        var passed = new byte[typed.Length + (keys?.Held ?? 0)];
        try
        {
            int count;
            while ((count = Stdio.In.Read(typed)) > 0)
            {
                if (keys is null)
                {
                    if (!stream.TryWrite(typed.AsSpan(0, count)))
                        return;
                    continue;
                }
                int length = keys.Filter(typed.AsSpan(0, count), passed, out bool leave);
                if (!stream.TryWrite(passed.AsSpan(0, length)))
                    return;
                if (leave)
                {
                    detached = true;
                    stream.Abandon();
                    return;
                }
            }
            stream.CloseWrite();
        }
        catch (ErrnoException)
        {
            // Our stdin cannot be read (a directory, a closed descriptor): the process gets its end.
            stream.CloseWrite();
        }
    }
}

/// <summary>Our own terminal in raw mode, until disposed or until a signal ends us.</summary>
internal sealed class RawTerminal : IDisposable
{
    static readonly PosixSignal[] Fatal = [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGQUIT];
    readonly List<PosixSignalRegistration> registrations = [];
    readonly Termios before = Termios.MakeRaw(0);
    int restored;

    public RawTerminal()
    {
        foreach (var signal in Fatal)
            registrations.Add(PosixSignalRegistration.Create(signal, _ => Restore()));
    }

    void Restore()
    {
        if (Interlocked.Exchange(ref restored, 1) == 1)
            return;
        try
        {
            before.Apply(0);
        }
        catch (ErrnoException)
        {
            // The terminal is gone: nothing to restore.
        }
    }

    public void Dispose()
    {
        Restore();
        registrations.ForEach(r => r.Dispose());
    }
}
