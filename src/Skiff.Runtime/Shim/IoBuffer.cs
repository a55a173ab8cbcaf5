// The one buffer through which all stdio of the shim passes.
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>Room for what one read gives, with room for a frame header before it: output goes out without a copy.</summary>
internal sealed class IoBuffer
{
    // A pipe's default capacity. Below the size from which the runtime would keep the array in its large-object heap.
    public const int PayloadBytes = 64 << 10;

    byte[]? bytes;

    public Span<byte> Payload => Bytes.AsSpan(TaskFraming.StdioHeaderBytes);

    byte[] Bytes => bytes ??= new byte[TaskFraming.StdioHeaderBytes + PayloadBytes];

    /// <summary>The first bytes of the payload as a frame.</summary>
    public ReadOnlySpan<byte> Frame(byte stream, int count)
    {
        TaskFraming.WriteStdioHeader(Bytes, stream, count);
        return Bytes.AsSpan(0, TaskFraming.StdioHeaderBytes + count);
    }

    /// <summary>Gives the memory back until it is needed again.</summary>
    public void Release() => bytes = null;
}
