// Bytes from a download to the thread that unpacks them, in blocks, with bounded memory.
using System.Buffers;
using System.Collections.Concurrent;

namespace Skiff.Engine.Images.Transfers;

/// <summary>One writer, one reader. The reader's side is the stream: it blocks its thread.</summary>
internal sealed class BlockPipe(CancellationToken cancellation) : Stream
{
    public const int BlockSize = 128 << 10;
    const int MaxBlocks = 32;

    readonly ConcurrentQueue<(byte[] Block, int Count)> blocks = new();
    readonly SemaphoreSlim free = new(MaxBlocks);
    readonly SemaphoreSlim filled = new(0);
    byte[]? current;
    int start;
    int end;
    bool ended;
    volatile bool abandoned;

    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockSize);

    public static void Return(byte[] block) => ArrayPool<byte>.Shared.Return(block);

    /// <summary>Hands a rented block over, with its first <paramref name="count"/> bytes; waits while too many are unread.</summary>
    public async ValueTask HandOverAsync(byte[] block, int count)
    {
        if (abandoned)
        {
            Return(block);
            return;
        }
        await free.WaitAsync(cancellation);
        blocks.Enqueue((block, count));
        filled.Release();
    }

    /// <summary>The reader will not read again: the writer no longer waits for it.</summary>
    public void Abandon()
    {
        abandoned = true;
        free.Release();
    }

    /// <summary>No more follows.</summary>
    public void Complete()
    {
        blocks.Enqueue(([], 0));
        filled.Release();
    }

    public override int Read(Span<byte> buffer)
    {
        if (start == end && !Next())
            return 0;
        var count = Math.Min(buffer.Length, end - start);
        current.AsSpan(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    bool Next()
    {
        if (ended)
            return false;
        if (current is not null)
        {
            Return(current);
            current = null;
            free.Release();
        }
        filled.Wait(cancellation);
        blocks.TryDequeue(out var next);
        (start, end) = (0, next.Count);
        ended = next.Count == 0;
        current = ended ? null : next.Block;
        return !ended;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (current is not null)
                Return(current);
            current = null;
            (start, end, ended) = (0, 0, true);
            while (blocks.TryDequeue(out var left))
                if (left.Count > 0)
                    Return(left.Block);
            free.Dispose();
            filled.Dispose();
        }
        base.Dispose(disposing);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
