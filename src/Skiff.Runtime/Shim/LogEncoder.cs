// Output as entries of the log, in a buffer that is used again and again.
namespace Skiff.Runtime.Shim;

/// <summary>Builds entries of one of Docker's formats.</summary>
internal abstract class LogEncoder
{
    const int InitialBytes = 16 << 10;

    byte[] buffer = [];
    int count;

    /// <summary>What was added since the last Clear; whole entries.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, count);

    public void Clear()
    {
        count = 0;
        // A single huge line must not keep the shim big for ever.
        if (buffer.Length > 8 * InitialBytes)
            buffer = [];
    }

    /// <summary>Adds a line.</summary>
    /// <param name="stderr">else stdout</param>
    /// <param name="newline">the process ended it with a newline, which <paramref name="line"/> does not hold</param>
    public abstract void Add(ReadOnlySpan<byte> line, bool newline, bool stderr, DateTime time);

    protected void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > buffer.Length - count)
            Array.Resize(ref buffer, Math.Max(Math.Max(InitialBytes, buffer.Length * 2), count + bytes.Length));
        bytes.CopyTo(buffer.AsSpan(count));
        count += bytes.Length;
    }
}
