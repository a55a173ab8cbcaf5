// The shim's ends of a process's stdio: reading its output, feeding its input.
using Skiff.Linux;
using Skiff.Linux.Sockets;

namespace Skiff.Runtime.Shim;

/// <summary>Reads one output of a process: a pipe, or a terminal's master.</summary>
internal sealed class OutputPump(Fd fd, byte stream, HeldProcess process, EventLoop loop) : Watch(fd)
{
    public bool Ended { get; private set; }

    public void Pause(bool pause)
    {
        if (!Ended)
            loop.Set(this, pause ? null : EpollEvents.In);
    }

    public override void OnReady(EpollEvents events) => ReadOnce();

    /// <summary>The process has ended: reads what is there, at most what fits a pipe in case someone still writes, and closes.</summary>
    public void DrainAndClose()
    {
        if (Ended)
            return;
        for (int left = FdIo.PipeCapacity(Fd); left > 0; )
        {
            int count = ReadOnce();
            if (count <= 0)
                break;
            left -= count;
        }
        Close();
    }

    int ReadOnce()
    {
        int count = FdIo.TryRead(Fd, process.Buffer.Payload, out Errno error);
        if (count > 0)
            process.Output(stream, count);
        else if (error != Errno.EAGAIN)
            Close();
        return count;
    }

    void Close()
    {
        Ended = true;
        loop.Remove(this);
    }
}

/// <summary>Feeds the input of a process: a pipe, or a terminal's master. In epoll only while it is full.</summary>
internal sealed class InputFeed(Fd fd, HeldProcess process, EventLoop loop) : Watch(fd)
{
    readonly PendingBytes pending = new();
    bool closeWhenEmpty;

    /// <summary>Nobody reads it any more, or it was closed: input goes nowhere.</summary>
    public bool Ended { get; private set; }

    public bool IsFull => !pending.IsEmpty;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (Ended || closeWhenEmpty)
            return;
        if (pending.IsEmpty)
        {
            int count = FdIo.TryWrite(Fd, bytes, out Errno error);
            if (count < 0 && error != Errno.EAGAIN)
            {
                Close();
                return;
            }
            bytes = bytes[Math.Max(count, 0)..];
            if (bytes.IsEmpty)
                return;
        }
        pending.Add(bytes);
        loop.Set(this, EpollEvents.Out);
    }

    /// <summary>End-of-file for the process, after all that was written.</summary>
    public void CloseWhenEmpty()
    {
        closeWhenEmpty = true;
        if (pending.IsEmpty)
            Close();
    }

    public override void OnReady(EpollEvents events)
    {
        if (!pending.TryWrite(Fd, out Errno error) && error != Errno.EAGAIN)
            Close();
        else if (pending.IsEmpty)
        {
            if (closeWhenEmpty)
                Close();
            else
                loop.Set(this, null);
        }
        if (pending.IsEmpty)
            process.InputChanged();
    }

    public void Close()
    {
        Ended = true;
        pending.Clear();
        loop.Remove(this);
    }
}
