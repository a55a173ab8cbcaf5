// One client that is attached to a process: its output on the way out, its input on the way in.
using Skiff.Linux;
using Skiff.Linux.Sockets;

namespace Skiff.Runtime.Shim;

/// <summary>
/// A connection after its Attach. What the client does not take at once waits first in its socket (1 MiB), then in a
/// backlog; while that is full the process's output is not read (<see cref="IsBehind"/>), so a slow reader gets everything
/// and memory stays bounded. One that has stopped reading gets a larger backlog, on disk.
/// </summary>
internal sealed class AttachClient : Watch
{
    const int SocketBufferBytes = 1 << 20;

    readonly HeldProcess process;
    readonly EventLoop loop;
    readonly Backlog waiting = new();
    bool inputEnded;
    bool outputEnded;
    bool peerGone;
    bool closed;

    public AttachClient(Fd socket, HeldProcess process, EventLoop loop, bool stdin, bool stdout, bool stderr)
        : base(socket)
    {
        this.process = process;
        this.loop = loop;
        Stdin = stdin;
        Stdout = stdout;
        Stderr = stderr;
        UnixSocket.TrySetSendBuffer(socket, SocketBufferBytes);
    }

    public bool Stdin { get; }
    public bool Stdout { get; }
    public bool Stderr { get; }

    /// <summary>No more output can be kept for the client.</summary>
    public bool IsBehind => waiting.IsFull;

    /// <summary>It has stopped reading: what it does not take may go to a file in the directory.</summary>
    public void AllowFile(string directory) => waiting.AllowFile(directory);

    /// <summary>Sends output, or keeps what does not fit. Closes the client if it is gone.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (closed || peerGone || outputEnded)
            return;
        if (waiting.IsEmpty)
        {
            int sent = FdIo.TryWrite(Fd, bytes, out Errno error);
            if (sent < 0 && error != Errno.EAGAIN)
            {
                PeerGone();
                return;
            }
            bytes = bytes[Math.Max(sent, 0)..];
            if (bytes.IsEmpty)
                return;
        }
        waiting.Add(bytes);
        UpdateInterest();
    }

    /// <summary>No more output will come: closes the connection once the client has taken all.</summary>
    public void End()
    {
        outputEnded = true;
        if (waiting.IsEmpty || peerGone)
            Close();
        else
            UpdateInterest();
    }

    /// <summary>Sets what to wait for, after something changed here or the process began or ceased to take input.</summary>
    public void UpdateInterest()
    {
        if (closed)
            return;
        bool read = !inputEnded && (!Stdin || process.TakesInput);
        EpollEvents events = read ? EpollEvents.In : EpollEvents.None;
        // After a hang-up, which would be reported for ever, only input that is still to be read counts.
        if (peerGone)
            loop.Set(this, read ? events : null);
        else
            loop.Set(this, waiting.IsEmpty ? events : events | EpollEvents.Out);
    }

    public override void OnReady(EpollEvents events)
    {
        if ((events & EpollEvents.Out) != 0)
            SendWaiting();
        if (closed)
            return;
        if ((events & (EpollEvents.HangUp | EpollEvents.Error)) != 0)
            PeerGone();
        if (!closed && !inputEnded && (events & (EpollEvents.In | EpollEvents.HangUp)) != 0)
            ReadInput();
    }

    void SendWaiting()
    {
        if (waiting.TryWrite(Fd, out Errno error))
        {
            if (!waiting.IsEmpty)
            {
                process.ClientChanged();
                return;
            }
            if (outputEnded)
            {
                Close();
                return;
            }
            UpdateInterest();
            process.ClientChanged();
        }
        else if (error != Errno.EAGAIN)
        {
            PeerGone();
        }
    }

    void ReadInput()
    {
        if (Stdin && !process.TakesInput)
            return;
        Span<byte> buffer = process.Buffer.Payload;
        int count = FdIo.TryRead(Fd, buffer, out Errno error);
        if (count > 0)
        {
            if (Stdin)
                process.Input(buffer[..count]);
        }
        else if (error != Errno.EAGAIN)
        {
            InputEnded();
            if (error != Errno.None)
                peerGone = true;
            if (peerGone)
                Close();
            else
                UpdateInterest();
        }
    }

    void InputEnded()
    {
        if (inputEnded)
            return;
        inputEnded = true;
        if (Stdin)
            process.InputEnded();
    }

    /// <summary>The client reads no more. What it sent may still have to be read.</summary>
    void PeerGone()
    {
        peerGone = true;
        waiting.Clear();
        if (inputEnded || !Stdin || outputEnded)
        {
            Close();
            return;
        }
        UpdateInterest();
        process.ClientChanged();
    }

    void Close()
    {
        if (closed)
            return;
        closed = true;
        InputEnded();
        // Closing a socket that holds unread bytes would be a connection reset to the peer instead of an end-of-file.
        UnixSocket.ShutdownBoth(Fd);
        while (FdIo.TryRead(Fd, process.Buffer.Payload, out _) > 0) { }
        loop.Remove(this);
        waiting.Dispose();
        process.ClientClosed(this);
    }
}
