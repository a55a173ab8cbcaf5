// Lists of processors and memory nodes: "0-3,8".
using System.Globalization;

namespace Skiff.Engine.Bundles;

/// <summary>cpuset(7), List format. Kept as ranges, so that a long one costs nothing.</summary>
public sealed class NumberRanges
{
    readonly List<(int First, int Last)> ranges;

    NumberRanges(List<(int, int)> ranges) => this.ranges = ranges;

    /// <summary>"0", as of a machine with one.</summary>
    public static NumberRanges Zero { get; } = new([(0, 0)]);

    public long Count => ranges.Sum(r => (long)r.Last - r.First + 1);

    /// <summary>null if it is malformed.</summary>
    public static NumberRanges? TryParse(string text)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || Number(ends[0]) is not { } first || Number(ends[^1]) is not { } last || first > last)
                return null;
            ranges.Add((first, last));
        }
        return new NumberRanges(ranges);
    }

    /// <summary>Whether every number of the other is in one of these ranges.</summary>
    public bool Contains(NumberRanges other) =>
        other.ranges.TrueForAll(o => ranges.Exists(r => r.First <= o.First && o.Last <= r.Last));

    public override string ToString() =>
        string.Join(',', ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}"));

    static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
