// The one buffer through which all stdio of the shim passes.
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>Room for what one read gives, with room for a frame header before it: output goes out without a copy.</summary>
internal sealed class IoBuffer
{
    // A pipe's default capacity. Below the size from which the runtime would keep the array in its large-object heap.
    public const int PayloadBytes = 64 << 10;

    readonly byte[] bytes = new byte[TaskFraming.StdioHeaderBytes + PayloadBytes];

    public Span<byte> Payload => bytes.AsSpan(TaskFraming.StdioHeaderBytes);

    /// <summary>The first bytes of the payload as a frame.</summary>
    public ReadOnlySpan<byte> Frame(byte stream, int count)
    {
        TaskFraming.WriteStdioHeader(bytes, stream, count);
        return bytes.AsSpan(0, TaskFraming.StdioHeaderBytes + count);
    }
}
