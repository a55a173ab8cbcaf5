// Output of a process, cut into the lines of its log.
namespace Skiff.Runtime.Shim;

/// <summary>
/// Cuts one stream at its newlines, and after 16 KiB where there is none (not inside a character, if the bytes are
/// UTF-8). Keeps an unfinished line until its rest comes.
/// </summary>
internal sealed class LineSplitter
{
    /// <summary>Bytes of the longest piece of a line; Docker's size.</summary>
    public const int MaxBytes = 16 << 10;

    byte[] held = [];
    int heldCount;

    // Bytes of held that were handed out as a line: they go at the next call.
    int handedOut;

    /// <summary>
    /// Takes the next line, or piece of one, out of <paramref name="bytes"/>, which shrinks. False if what is left is
    /// no whole line yet; then it was taken in.
    /// </summary>
    /// <param name="line">valid until the next call; without its newline</param>
    /// <param name="newline">a newline ended it, rather than the limit</param>
    public bool TryNext(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line, out bool newline)
    {
        DropHandedOut();
        int room = MaxBytes - heldCount;
        int window = Math.Min(bytes.Length, room);
        int end = bytes[..window].IndexOf((byte)'\n');
        newline = end >= 0;
        if (!newline && window < room)
        {
            Hold(bytes);
            bytes = default;
            line = default;
            return false;
        }
        int take = newline ? end : room;
        if (heldCount == 0)
        {
            if (!newline)
                take -= UnfinishedCharacter(bytes[..take]);
            line = bytes[..take];
        }
        else
        {
            Hold(bytes[..take]);
            handedOut = heldCount - (newline ? 0 : UnfinishedCharacter(held.AsSpan(0, heldCount)));
            line = held.AsSpan(0, handedOut);
        }
        bytes = bytes[(newline ? take + 1 : take)..];
        return true;
    }

    /// <summary>The unfinished line at the end of the stream; empty if there is none.</summary>
    public ReadOnlySpan<byte> TakeRest()
    {
        DropHandedOut();
        handedOut = heldCount;
        return held.AsSpan(0, heldCount);
    }

    void DropHandedOut()
    {
        if (handedOut == 0)
            return;
        held.AsSpan(handedOut, heldCount - handedOut).CopyTo(held);
        heldCount -= handedOut;
        handedOut = 0;
    }

    void Hold(ReadOnlySpan<byte> bytes)
    {
        int count = heldCount + bytes.Length;
        if (count > held.Length)
            Array.Resize(ref held, Math.Min(MaxBytes, Math.Max(256, count * 2)));
        bytes.CopyTo(held.AsSpan(heldCount));
        heldCount = count;
    }

    /// <summary>How many bytes at the end begin a UTF-8 character that is not complete.</summary>
    static int UnfinishedCharacter(ReadOnlySpan<byte> bytes)
    {
        for (int back = 1; back <= 3 && back < bytes.Length; back++)
        {
            byte b = bytes[^back];
            if (b < 0x80)
                return 0;
            if (b < 0xc0)
                continue; // in the middle of a character
            int length =
                b < 0xe0 ? 2
                : b < 0xf0 ? 3
                : 4;
            return back < length ? back : 0;
        }
        return 0;
    }
}
