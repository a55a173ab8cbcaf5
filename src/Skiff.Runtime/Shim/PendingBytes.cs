// Bytes that a descriptor did not take yet.
using Skiff.Linux;

namespace Skiff.Runtime.Shim;

/// <summary>The memory of a descriptor that is full. Whoever adds stops adding while it is not empty: that bounds it.</summary>
internal sealed class PendingBytes
{
    byte[] bytes = [];
    int start;
    int end;

    public bool IsEmpty => start == end;

    public void Add(ReadOnlySpan<byte> more)
    {
        if (end + more.Length > bytes.Length)
        {
            int count = end - start;
            byte[] larger = count + more.Length > bytes.Length ? new byte[count + more.Length] : bytes;
            bytes.AsSpan(start, count).CopyTo(larger);
            bytes = larger;
            start = 0;
            end = count;
        }
        more.CopyTo(bytes.AsSpan(end));
        end += more.Length;
    }

    /// <summary>Writes what the descriptor takes. False if it failed; EAGAIN is no more than full.</summary>
    public bool TryWrite(Fd fd, out Errno error)
    {
        error = Errno.None;
        if (IsEmpty)
            return true;
        int count = FdIo.TryWrite(fd, bytes.AsSpan(start, end - start), out error);
        if (count < 0)
            return false;
        start += count;
        if (IsEmpty)
            start = end = 0;
        return true;
    }

    /// <summary>Gives all to another, behind what that has.</summary>
    public void MoveTo(PendingBytes other)
    {
        other.Add(bytes.AsSpan(start, end - start));
        Clear();
    }

    public void Clear()
    {
        bytes = [];
        start = end = 0;
    }
}
