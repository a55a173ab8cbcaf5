// Sizes and spans of time for people, in Docker's words.
using System.Globalization;

namespace Skiff.Cli.Output;

internal static class Units
{
    static readonly string[] Decimal = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>"1.98MB": powers of 1000, three digits.</summary>
    public static string Size(double bytes, int digits = 3) => Scaled(bytes, 1000, Decimal, digits);

    /// <summary>"23.54GiB": powers of 1024, four digits.</summary>
    public static string BinarySize(double bytes) => Scaled(bytes, 1024, Binary, 4);

    static string Scaled(double value, double step, string[] names, int digits)
    {
        int unit = 0;
        while (value >= step && unit < names.Length - 1)
        {
            value /= step;
            unit++;
        }
        return General(value, digits) + names[unit];
    }

    /// <summary>printf's %.Ng.</summary>
    static string General(double value, int digits)
    {
        if (value == 0)
            return "0";
        string text = value.ToString("E" + (digits - 1), CultureInfo.InvariantCulture);
        int exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent >= digits)
            return TrimZeros(text[..text.IndexOf('E')]) + "e+" + exponent.ToString("00", CultureInfo.InvariantCulture);
        return TrimZeros(value.ToString("F" + (digits - 1 - exponent), CultureInfo.InvariantCulture));
    }

    static string TrimZeros(string text) => text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;

    /// <summary>"About an hour", "5 minutes".</summary>
    public static string Span(TimeSpan span)
    {
        int seconds = (int)span.TotalSeconds;
        int minutes = (int)span.TotalMinutes;
        int hours = (int)(span.TotalHours + 0.5);
        return seconds < 1 ? "Less than a second"
            : seconds == 1 ? "1 second"
            : seconds < 60 ? $"{seconds} seconds"
            : minutes == 1 ? "About a minute"
            : minutes < 60 ? $"{minutes} minutes"
            : hours == 1 ? "About an hour"
            : hours < 48 ? $"{hours} hours"
            : hours < 24 * 7 * 2 ? $"{hours / 24} days"
            : hours < 24 * 30 * 2 ? $"{hours / 24 / 7} weeks"
            : hours < 24 * 365 * 2 ? $"{hours / 24 / 30} months"
            : $"{(int)(span.TotalHours / 24 / 365)} years";
    }

    /// <summary>"5 minutes ago".</summary>
    public static string Ago(DateTimeOffset moment) => Span(DateTimeOffset.UtcNow - moment) + " ago";

    /// <summary>"2026-11-23 15:00:53 +0000 UTC": how Go prints a time, here always in UTC or the local zone.</summary>
    public static string GoTime(DateTimeOffset moment)
    {
        var local = TimeZoneInfo.Local.BaseUtcOffset == TimeSpan.Zero ? moment.ToUniversalTime() : moment.ToLocalTime();
        string zone =
            local.Offset == TimeSpan.Zero
                ? "UTC"
                : local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
        return local.ToString("yyyy-MM-dd HH:mm:ss ", CultureInfo.InvariantCulture)
            + local.ToString("zzz ", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal)
            + zone;
    }

    /// <summary>The first characters, the last of them "…" if something is cut.</summary>
    public static string Ellipsis(string text, int length)
    {
        if (text.Length <= length)
            return text;
        // Never half of a surrogate pair.
        int cut = length - 1;
        if (cut > 0 && char.IsHighSurrogate(text[cut - 1]))
            cut--;
        return text[..cut] + "…";
    }

    /// <summary>The first 12 digits of an id, without "sha256:".</summary>
    public static string ShortId(string id)
    {
        int colon = id.IndexOf(':');
        if (colon >= 0)
            id = id[(colon + 1)..];
        return id.Length > 12 ? id[..12] : id;
    }
}
