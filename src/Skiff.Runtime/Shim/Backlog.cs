// What a client has not taken yet: a little in memory, the rest in a file that has no name.
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Runtime.Shim;

/// <summary>
/// A client that is slow holds up the process: <see cref="IsFull"/> asks the caller to wait. One that has stopped reading
/// must not, where a log is kept: then <see cref="AllowFile"/> lets what it does not take go to a file, used as a ring,
/// until it has taken all.
/// </summary>
internal sealed class Backlog : IDisposable
{
    internal const long RingBytes = 256 << 20;
    const int ChunkBytes = 64 << 10;

    // In the order of the bytes: front, ring, back. The back is used only when the ring takes no more.
    readonly PendingBytes front = new();
    readonly PendingBytes back = new();
    Fd? ring;
    long head;
    long tail;

    public bool IsEmpty => front.IsEmpty && head == tail && back.IsEmpty;

    /// <summary>Makes the file. Where none can be made, all stays as it is.</summary>
    public void AllowFile(string directory)
    {
        try
        {
            ring ??= FdIo.OpenUnnamed(directory);
        }
        catch (ErrnoException)
        {
            // No file system that can: the client's pace is the container's.
        }
    }

    /// <summary>Add no more until the client has taken something.</summary>
    public bool IsFull => !back.IsEmpty || (ring is null && !front.IsEmpty);

    /// <summary>Keeps the bytes, whatever IsFull says.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (ring is not null && back.IsEmpty)
            bytes = Spill(bytes);
        if (!bytes.IsEmpty)
            (ring is null ? front : back).Add(bytes);
    }

    /// <summary>Writes what the descriptor takes. False if it failed; EAGAIN is no more than full.</summary>
    public bool TryWrite(Fd fd, out Errno error)
    {
        error = Errno.None;
        do
        {
            if (front.IsEmpty)
                Refill();
            if (!front.TryWrite(fd, out error))
                return false;
        } while (front.IsEmpty && !IsEmpty);
        if (IsEmpty)
            Forget();
        return true;
    }

    public void Clear()
    {
        front.Clear();
        back.Clear();
        Forget();
    }

    public void Dispose() => ring?.Dispose();

    /// <summary>Puts bytes into the ring; returns those that it does not take.</summary>
    ReadOnlySpan<byte> Spill(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && tail - head < RingBytes)
        {
            long at = tail % RingBytes;
            int room = (int)Math.Min(bytes.Length, Math.Min(RingBytes - at, RingBytes - (tail - head)));
            FileAt.Seek(ring!, at);
            int count = FdIo.TryWrite(ring!, bytes[..room], out _);
            if (count <= 0)
                break; // the disk is full: the client's pace is the container's, until there is room
            tail += count;
            bytes = bytes[count..];
        }
        return bytes;
    }

    void Refill()
    {
        if (head < tail)
        {
            Span<byte> chunk = new byte[(int)Math.Min(ChunkBytes, Math.Min(tail - head, RingBytes - head % RingBytes))];
            FileAt.Seek(ring!, head % RingBytes);
            int count = FdIo.TryRead(ring!, chunk, out Errno error);
            if (count <= 0)
                throw new ErrnoException("read", "the output kept for a client", error);
            head += count;
            front.Add(chunk[..count]);
        }
        else if (!back.IsEmpty)
            back.MoveTo(front);
    }

    void Forget()
    {
        ring?.Dispose();
        ring = null;
        head = tail = 0;
    }
}
