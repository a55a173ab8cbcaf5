// Moments on the command line: --since and --until.
using System.Globalization;

namespace Skiff.Cli.Options;

internal static class TimeOption
{
    /// <summary>
    /// "10m" is ten minutes ago; a date or time is in the local zone unless it says; a number is seconds since 1970.
    /// Returns seconds and nanoseconds for the API, or "" for nothing.
    /// </summary>
    /// <exception cref="FormatException">none of these</exception>
    public static string ToUnix(StringFlag flag)
    {
        try
        {
            return ToUnix(flag.Value);
        }
        catch (FormatException)
        {
            throw new FormatException(
                $"invalid value for \"{flag.Name}\": failed to parse value as time or duration: \"{flag.Value}\""
            );
        }
    }

    static string ToUnix(string text)
    {
        if (text.Length == 0)
            return "";
        string digits = text.Replace(".", "", StringComparison.Ordinal);
        if (digits.Length > 0 && digits.All(char.IsAsciiDigit) && text.Length - digits.Length <= 1)
            return text;
        if (char.IsAsciiLetter(text[^1]) && char.ToUpperInvariant(text[^1]) != 'Z')
            return Format(DateTimeOffset.UtcNow.AddTicks(-Values.Duration(text) / 100));
        if (
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeLocal | DateTimeStyles.AllowWhiteSpaces,
                out var moment
            )
        )
            return Format(moment);
        throw new FormatException($"failed to parse value as time or duration: \"{text}\"");
    }

    static string Format(DateTimeOffset moment)
    {
        long ticks = moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:d9}"
        );
    }
}
