// Makes new inputs of old ones: flips, cuts, repeats, splices, words that parsers know, numbers at their limits.
namespace Skiff.Fuzz;

/// <summary>Deterministic for a seed.</summary>
sealed class Mutator(Random random, IReadOnlyList<byte[]> words)
{
    const int MaxLength = 64 << 10;

    static readonly byte[] Edges = [0, 1, 0x1f, (byte)'/', (byte)'.', (byte)'0', (byte)'7', 0x7f, 0x80, 0xfe, 0xff];

    /// <summary>One input from two: <paramref name="other"/> lends pieces.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (int steps = 1 + random.Next(6); steps > 0; steps--)
            Step(bytes, other);
        if (bytes.Count > MaxLength)
            bytes.RemoveRange(MaxLength, bytes.Count - MaxLength);
        return [.. bytes];
    }

    void Step(List<byte> bytes, byte[] other)
    {
        int at = bytes.Count == 0 ? 0 : random.Next(bytes.Count);
        switch (random.Next(9))
        {
            case 0 when bytes.Count > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when bytes.Count > 0:
                bytes[at] = Edges[random.Next(Edges.Length)];
                break;
            case 2 when bytes.Count > 0:
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + random.Next(64)));
                break;
            case 3:
                bytes.InsertRange(at, words[random.Next(words.Count)]);
                break;
            case 4 when bytes.Count > 0:
                var word = words[random.Next(words.Count)];
                for (int i = 0; i < word.Length && at + i < bytes.Count; i++)
                    bytes[at + i] = word[i];
                break;
            case 5 when bytes.Count > 0:
                int length = Math.Min(bytes.Count - at, 1 + random.Next(1024));
                bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                break;
            case 6 when other.Length > 0:
                int from = random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(1024))).ToArray());
                break;
            case 7 when bytes.Count > 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                var digits = new byte[1 + random.Next(12)];
                for (int i = 0; i < digits.Length; i++)
                    digits[i] = (byte)('0' + random.Next(10));
                bytes.InsertRange(at, digits);
                break;
        }
    }
}
