// A stream that may only be used asynchronously, used synchronously from a thread of its own.
using Skiff.Oci.Layers;

namespace Skiff.Engine.Images;

/// <summary>
/// The body of an HTTP request refuses synchronous reads. Archives are read on a thread made for that, which may wait.
/// </summary>
sealed class BlockingStream(Stream inner, CancellationToken cancellation) : ReadOnlyStream
{
    // Span-based reads need an array to cross the asynchronous call.
    readonly byte[] buffer = new byte[128 << 10];

    public override bool CanWrite => true;

    public override int Read(Span<byte> destination)
    {
        var part = buffer.AsMemory(0, Math.Min(destination.Length, buffer.Length));
        int count = inner.ReadAsync(part, cancellation).AsTask().GetAwaiter().GetResult();
        part.Span[..count].CopyTo(destination);
        return count;
    }

    public override void Write(ReadOnlySpan<byte> source)
    {
        for (; !source.IsEmpty; source = source[Math.Min(source.Length, buffer.Length)..])
        {
            var part = buffer.AsMemory(0, Math.Min(source.Length, buffer.Length));
            source[..part.Length].CopyTo(part.Span);
            inner.WriteAsync(part, cancellation).AsTask().GetAwaiter().GetResult();
        }
    }

    public override void Write(byte[] source, int offset, int count) => Write(source.AsSpan(offset, count));

    public override void Flush() => inner.FlushAsync(cancellation).GetAwaiter().GetResult();

    /// <summary>Runs work on a thread of its own.</summary>
    public static Task<T> RunAsync<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

/// <summary>Copies to a writer what is read through it. Disposing it leaves both open.</summary>
sealed class TeeStream(Stream source, Stream copy) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        copy.Write(buffer[..count]);
        return count;
    }
}
