// Moments as Docker writes them: RFC 3339 in UTC, nanoseconds, no trailing zeros.
using System.Globalization;

namespace Skiff.Docker;

public static class DockerTime
{
    /// <summary>"Never": the zero of Go's time.</summary>
    public const string Zero = "0001-01-01T00:00:00Z";

    /// <summary>null is <see cref="Zero"/>.</summary>
    public static string Format(DateTimeOffset? moment) =>
        moment?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture) ?? Zero;

    /// <summary>With all nine digits, as logs have them: "2026-01-02T03:04:05.000000000Z".</summary>
    public static string FormatLog(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff00Z", CultureInfo.InvariantCulture);

    /// <summary>null for <see cref="Zero"/>, for nothing and for what is no time. Digits below 100 ns are cut.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text == Zero)
            return null;
        // .NET reads at most seven digits of a fraction; Docker writes up to nine.
        int dot = text.IndexOf('.');
        if (dot > 0)
        {
            int end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            if (end - dot > 8)
                text = text[..(dot + 8)] + text[end..];
        }
        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var moment
        )
            ? moment
            : null;
    }
}
