// Durations as Go writes them: "1m30s", "1.5h", "300ms".
using System.Globalization;
using System.Text.RegularExpressions;

namespace Skiff.Engine.Dockerfile;

internal static partial class GoDuration
{
    /// <summary>Nanoseconds, or null for what is none.</summary>
    internal static long? TryParse(string text)
    {
        if (text == "0")
            return 0;
        if (!Whole().IsMatch(text))
            return null;
        decimal sum = 0;
        foreach (Match match in Part().Matches(text))
        {
            if (
                !decimal.TryParse(
                    match.Groups[1].Value,
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out decimal number
                )
            )
                return null;
            sum +=
                number
                * match.Groups[2].Value switch
                {
                    "ns" => 1m,
                    "us" or "µs" => 1_000m,
                    "ms" => 1_000_000m,
                    "s" => 1_000_000_000m,
                    "m" => 60_000_000_000m,
                    _ => 3_600_000_000_000m,
                };
            if (sum > long.MaxValue)
                return null;
        }
        return (long)sum;
    }

    [GeneratedRegex(@"^([0-9]{1,15}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h))+\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")]
    private static partial Regex Part();
}
