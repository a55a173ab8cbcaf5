// Reads a stream on another thread, a few buffers ahead: decompressing and unpacking share the work of two cores.
using System.Collections.Concurrent;
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

/// <summary>
/// Hands out what a source yields, in order; the source's exception comes where its next bytes would have. Disposing
/// stops the thread and waits for the read it is in; the source stays open.
/// </summary>
sealed class ReadAhead : ReadOnlyStream
{
    const int BufferSize = 256 << 10;
    const int Buffers = 4;

    readonly Stream source;
    readonly BlockingCollection<(byte[] Buffer, int Count)> full = new(Buffers);
    readonly BlockingCollection<byte[]> free = new(Buffers);
    readonly Task reader;
    byte[]? current;
    int offset;
    int count;
    Exception? failure;

    public ReadAhead(Stream source)
    {
        this.source = source;
        for (int i = 0; i < Buffers; i++)
            free.Add(new byte[BufferSize]);
        reader = Task.Factory.StartNew(ReadAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public override int Read(Span<byte> buffer)
    {
        if (offset == count && !NextBuffer())
            return 0;
        int taken = Math.Min(buffer.Length, count - offset);
        current.AsSpan(offset, taken).CopyTo(buffer);
        offset += taken;
        return taken;
    }

    bool NextBuffer()
    {
        if (current is not null)
            free.Add(current);
        current = null;
        offset = count = 0;
        if (full.TryTake(out var next, Timeout.Infinite))
        {
            (current, count) = next;
            return true;
        }
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return false;
    }

    void ReadAll()
    {
        try
        {
            foreach (byte[] buffer in free.GetConsumingEnumerable())
            {
                int filled = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
                if (filled > 0)
                    full.Add((buffer, filled));
                if (filled < buffer.Length)
                    return;
            }
        }
        catch (Exception e)
        {
            failure = e;
        }
        finally
        {
            full.CompleteAdding();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Without a free buffer the reader ends; what it holds is at most all four.
            free.CompleteAdding();
            while (free.TryTake(out _)) { }
            reader.Wait();
            full.Dispose();
            free.Dispose();
        }
        base.Dispose(disposing);
    }
}
