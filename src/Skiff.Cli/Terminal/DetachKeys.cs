// The key sequence that leaves a container running: its notation, and finding it in what is typed.
namespace Skiff.Cli.Terminal;

/// <summary>
/// Keys are single characters or ctrl- with a letter or one of @ [ \ ] ^ _, separated by commas: "ctrl-p,ctrl-q".
/// The engine looks for the sequence too; seeing it here tells a detach from the container's end.
/// </summary>
internal sealed class DetachKeys
{
    public const string Default = "ctrl-p,ctrl-q";
    readonly byte[] sequence;
    int matched;

    DetachKeys(byte[] sequence) => this.sequence = sequence;

    /// <exception cref="FormatException">no such notation</exception>
    public static DetachKeys Parse(string? text)
    {
        var keys = new List<byte>();
        foreach (string key in (string.IsNullOrEmpty(text) ? Default : text).Split(','))
        {
            if (key.Length == 1 && key[0] < 0x80)
                keys.Add((byte)key[0]);
            else if (key.Length == 6 && key.StartsWith("ctrl-", StringComparison.Ordinal) && Control(key[5]) is { } code)
                keys.Add(code);
            else
                throw new FormatException($"Unknown character: '{key}'");
        }
        return new DetachKeys([.. keys]);
    }

    static byte? Control(char letter) =>
        letter is >= 'a' and <= 'z' ? (byte)(letter - 'a' + 1)
        : letter == '@' ? (byte)0
        : letter is >= '[' and <= '_' ? (byte)(letter - '[' + 27)
        : null;

    /// <summary>
    /// Looks through what was typed. Returns how many of <paramref name="output"/>'s bytes are to be sent; a possible
    /// beginning of the sequence is held back until it is decided. Output needs room for the input and the sequence.
    /// </summary>
    public int Filter(ReadOnlySpan<byte> typed, Span<byte> output, out bool detached)
    {
        int count = 0;
        detached = false;
        foreach (byte key in typed)
        {
            if (key == sequence[matched])
            {
                if (++matched == sequence.Length)
                {
                    matched = 0;
                    detached = true;
                    return count;
                }
                continue;
            }
            sequence.AsSpan(0, matched).CopyTo(output[count..]);
            count += matched;
            matched = 0;
            if (key == sequence[0] && sequence.Length > 1)
                matched = 1;
            else
                output[count++] = key;
        }
        return count;
    }

    /// <summary>Bytes that Filter may add to its input.</summary>
    public int Held => sequence.Length;
}
