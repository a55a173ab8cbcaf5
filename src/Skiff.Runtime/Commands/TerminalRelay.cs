// Bytes between our own terminal (or whatever our stdio is) and that of a process in the foreground.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Runtime.Shim;

namespace Skiff.Runtime.Commands;

/// <summary>Our terminal is in raw mode while this lives.</summary>
internal sealed class TerminalRelay : IDisposable
{
    const int InputToken = 0;
    const int OutputToken = 1;
    const int EndToken = 2;

    readonly Fd master;
    readonly Fd input = new(0);
    readonly Fd output = new(1);
    readonly Epoll epoll = new();
    readonly PendingBytes pending = new();
    readonly byte[] buffer = new byte[32 << 10];
    readonly Termios? before;
    Source source = Source.Watched;
    bool ended;

    enum Source
    {
        Watched,

        /// <summary>Always ready, which epoll does not watch.</summary>
        File,
        Ended,
    }

    public TerminalRelay(Pty terminal, Fd pidfd)
    {
        master = terminal.Master;
        terminal.Slave.Dispose(); // the process has it: when it and its children are gone the master hangs up
        FdIo.SetNonBlocking(master);
        before = Termios.IsTerminal(0) ? Termios.MakeRaw(0) : null;
        epoll.Add(pidfd, EpollEvents.In, EndToken);
        epoll.Add(master, EpollEvents.In, OutputToken);
        try
        {
            epoll.Add(input, EpollEvents.In, InputToken);
        }
        catch (ErrnoException e) when (e.Errno == Errno.EPERM)
        {
            source = Source.File;
            PassFile();
        }
    }

    /// <summary>Until the process has ended and all its output has passed.</summary>
    public void Run()
    {
        Span<EpollReady> ready = stackalloc EpollReady[3];
        while (!ended)
        {
            int count = epoll.Wait(ready, -1);
            foreach (EpollReady one in ready[..count])
            {
                if (one.Token == InputToken)
                    PassInput();
                else if (one.Token == OutputToken)
                    Exchange(one.Events);
                else
                    ended = true;
            }
        }
        while (PassOutput()) { }
    }

    public void Dispose()
    {
        before?.Apply(0);
        epoll.Dispose();
        input.Release();
        output.Release();
    }

    void PassInput()
    {
        int count = FdIo.TryRead(input, buffer.AsSpan(0, 4096), out _);
        if (count > 0)
        {
            Feed(buffer.AsSpan(0, count));
            return;
        }
        epoll.Remove(input);
        source = Source.Ended;
    }

    void PassFile()
    {
        while (pending.IsEmpty && FdIo.TryRead(input, buffer.AsSpan(0, 4096), out _) is var count and > 0)
            Feed(buffer.AsSpan(0, count));
    }

    void Feed(ReadOnlySpan<byte> bytes)
    {
        pending.Add(bytes);
        pending.TryWrite(master, out _);
        if (pending.IsEmpty)
            return;
        // Full: nothing is read until it has taken this.
        if (source == Source.Watched)
            epoll.Modify(input, EpollEvents.None, InputToken);
        epoll.Modify(master, EpollEvents.In | EpollEvents.Out, OutputToken);
    }

    void Exchange(EpollEvents events)
    {
        if ((events & EpollEvents.Out) != 0 && !pending.IsEmpty)
        {
            pending.TryWrite(master, out _);
            if (pending.IsEmpty)
            {
                epoll.Modify(master, EpollEvents.In, OutputToken);
                if (source == Source.Watched)
                    epoll.Modify(input, EpollEvents.In, InputToken);
                else if (source == Source.File)
                    PassFile();
            }
        }
        if ((events & ~EpollEvents.Out) != 0 && !PassOutput())
        {
            // EIO: nobody has the terminal open any more; only the end of the process is left to wait for.
            if ((events & EpollEvents.HangUp) != 0)
                epoll.Remove(master);
        }
    }

    bool PassOutput()
    {
        int count = FdIo.TryRead(master, buffer, out _);
        if (count <= 0)
            return false;
        SafePath.WriteAll(output, buffer.AsSpan(0, count), "standard output");
        return true;
    }
}
