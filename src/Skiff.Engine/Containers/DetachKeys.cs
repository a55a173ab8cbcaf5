// The key sequence by which a client leaves a terminal without ending its process.
namespace Skiff.Engine.Containers;

/// <summary>Watches a stream of input for "ctrl-p,ctrl-q" or the client's own sequence.</summary>
internal sealed class DetachKeys
{
    internal const string Default = "ctrl-p,ctrl-q";
    readonly byte[] sequence;
    int matched;

    DetachKeys(byte[] sequence) => this.sequence = sequence;

    /// <exception cref="EngineException">InvalidParameter: not a key sequence</exception>
    internal static DetachKeys Parse(string? text)
    {
        string keys = string.IsNullOrEmpty(text) ? Default : text;
        return new([
            .. keys.Split(',').Select(k => Key(k) ?? throw EngineException.Invalid($"Invalid escape keys ({keys}) provided")),
        ]);
    }

    /// <summary>
    /// Feeds input through. What is to be passed on is written to <paramref name="output"/> (at least input.Length +
    /// the sequence's length long): bytes that may begin the sequence are held back until that is decided.
    /// </summary>
    /// <returns>the bytes written, and whether the sequence is complete</returns>
    internal (int Written, bool Detached) Feed(ReadOnlySpan<byte> input, Span<byte> output)
    {
        int written = 0;
        foreach (byte b in input)
        {
            if (b == sequence[matched])
            {
                if (++matched == sequence.Length)
                {
                    matched = 0;
                    return (written, true);
                }
                continue;
            }
            sequence.AsSpan(0, matched).CopyTo(output[written..]);
            written += matched;
            matched = 0;
            if (b == sequence[0])
                matched = 1;
            else
                output[written++] = b;
        }
        return (written, false);
    }

    /// <summary>The longest sequence held back.</summary>
    internal int Length => sequence.Length;

    static byte? Key(string name) =>
        name switch
        {
            [var single] when single < 128 => (byte)single,
            ['c', 't', 'r', 'l', '-', var key] when key is >= 'a' and <= 'z' => (byte)(key - 'a' + 1),
            "ctrl-@" => 0,
            "ctrl-[" => 27,
            "ctrl-\\" => 28,
            "ctrl-]" => 29,
            "ctrl-^" => 30,
            "ctrl-_" => 31,
            "DEL" => 127,
            _ => null,
        };
}
