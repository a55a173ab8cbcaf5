// A connection that carries requests and answers.
using System.Text.Json;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>
/// Reads one request at a time, never a byte beyond it: after an Attach the next byte is stdin. While an answer is
/// due, only the client's leaving is noticed.
/// </summary>
internal sealed class Connection(Fd socket, Shim shim, EventLoop loop) : Watch(socket)
{
    readonly byte[] header = new byte[TaskFraming.HeaderBytes];
    byte[]? body;
    int received;
    bool closed;

    /// <summary>Waits for the first request, which may be there already.</summary>
    public void Open() => loop.Set(this, EpollEvents.In);

    public override void OnReady(EpollEvents events)
    {
        if ((events & EpollEvents.In) == 0)
        {
            Close();
            return;
        }
        byte[] target = body ?? header;
        int count = FdIo.TryRead(Fd, target.AsSpan(received), out Errno error);
        if (count <= 0)
        {
            if (error != Errno.EAGAIN)
                Close();
            return;
        }
        received += count;
        if (received < target.Length)
            return;
        received = 0;
        try
        {
            if (body is null)
            {
                body = new byte[TaskFraming.ReadLength(header)];
                return;
            }
            TaskRequest request = TaskReader.ReadRequest(body);
            body = null;
            loop.Set(this, EpollEvents.None);
            shim.Handle(this, request);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException)
        {
            Answer(new FailedAnswer(FailureKind.Other, $"bad message: {exception.Message}"));
            Close();
        }
    }

    /// <summary>Sends an answer and goes on with the next request.</summary>
    public void Answer(TaskAnswer answer)
    {
        if (closed)
            return;
        byte[] bytes = TaskWriter.Encode(answer);
        // An answer is small: a client whose socket is full of unread ones is not worth a buffer.
        if (FdIo.TryWrite(Fd, bytes, out _) == bytes.Length)
            loop.Set(this, EpollEvents.In);
        else
            Close();
    }

    /// <summary>Tells that it is stdio from now on, and gives the socket away. Null if the client is gone.</summary>
    public Fd? BecomeStdio()
    {
        Answer(new DoneAnswer());
        if (closed)
            return null;
        closed = true;
        loop.Remove(this, close: false);
        return Fd;
    }

    void Close()
    {
        if (closed)
            return;
        closed = true;
        loop.Remove(this);
        shim.Closed(this);
    }
}
