// Moments as clients send them: seconds since 1970, with or without a fraction, RFC 3339, or a duration ago.
using System.Globalization;
using System.Text.RegularExpressions;
using Skiff.Docker;
using Skiff.Engine;

namespace Skiff.Daemon.Docker;

internal static partial class ApiTime
{
    /// <summary>null for nothing and for "0".</summary>
    internal static DateTimeOffset? ParseOptional(string? text) => text is null or "" or "0" ? null : Parse(text);

    /// <exception cref="EngineException">InvalidParameter</exception>
    internal static DateTimeOffset Parse(string text)
    {
        if (
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds)
            && seconds < 100_000_000_000m
        )
            return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        if (DurationPattern().Match(text) is { Success: true, Length: > 0 } match)
        {
            var ago = TimeSpan.Zero;
            for (int i = 0; i < match.Groups[1].Captures.Count; i++)
            {
                double number = double.Parse(match.Groups[2].Captures[i].Value, CultureInfo.InvariantCulture);
                ago += match.Groups[3].Captures[i].Value switch
                {
                    "h" => TimeSpan.FromHours(number),
                    "m" => TimeSpan.FromMinutes(number),
                    "s" => TimeSpan.FromSeconds(number),
                    _ => TimeSpan.FromMilliseconds(number),
                };
            }
            return DateTimeOffset.UtcNow - ago;
        }
        return DockerTime.Parse(text) ?? throw EngineException.Invalid($"invalid value for time: \"{text}\"");
    }

    [GeneratedRegex(@"^(([0-9.]+)(h|ms|m|s))+$")]
    private static partial Regex DurationPattern();
}
