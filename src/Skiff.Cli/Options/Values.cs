// Values of flags that are numbers to people: sizes, spans of time, shares of processors; and lists of key=value.
using System.Globalization;

namespace Skiff.Cli.Options;

/// <summary>All throw FormatException with a reason.</summary>
internal static class Values
{
    /// <summary>"512m", "1.5g", "64": powers of 1024. "-1" where it means unlimited.</summary>
    public static long Bytes(string text, bool allowUnlimited = false)
    {
        if (allowUnlimited && text == "-1")
            return -1;
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        if (
            !double.TryParse(text.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
        )
            throw new FormatException($"invalid size: '{text}'");
        string suffix = text[end..].Trim().ToLowerInvariant();
        int power = suffix.Length == 0 ? 0 : "bkmgtp".IndexOf(suffix[0]);
        if (power < 0 || suffix.Length > 1 && !(power > 0 && suffix[1..] is "b" or "ib"))
            throw new FormatException($"invalid suffix: '{text[end..]}'");
        double bytes = number * Math.Pow(1024, power);
        return bytes < long.MaxValue ? (long)bytes : throw new FormatException($"invalid size: '{text}'");
    }

    /// <summary>"1h30m", "1.5s", "250ms": nanoseconds.</summary>
    public static long Duration(string text)
    {
        if (text == "0")
            return 0;
        decimal total = 0;
        int at = 0;
        while (at < text.Length)
        {
            int start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
                at++;
            int unitStart = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.')
                at++;
            decimal? factor = text[unitStart..at] switch
            {
                "ns" => 1,
                "us" or "µs" => 1_000,
                "ms" => 1_000_000,
                "s" => 1_000_000_000,
                "m" => 60_000_000_000,
                "h" => 3_600_000_000_000,
                _ => null,
            };
            if (factor is null)
                throw new FormatException(
                    unitStart == at ? $"time: missing unit in duration \"{text}\"" : $"time: invalid duration \"{text}\""
                );
            if (
                !decimal.TryParse(
                    text.AsSpan(start, unitStart - start),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out decimal number
                )
                || number > 1_000_000_000
            )
                throw new FormatException($"time: invalid duration \"{text}\"");
            total += number * factor.Value;
        }
        return text.Length > 0 && total <= long.MaxValue
            ? (long)total
            : throw new FormatException($"time: invalid duration \"{text}\"");
    }

    /// <summary>"1.5" processors: billionths.</summary>
    public static long NanoCpus(string text)
    {
        if (
            !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal cpus)
            || cpus > 1_000_000
        )
            throw new FormatException($"failed to parse {text} as a rational number");
        decimal nano = cpus * 1_000_000_000;
        return nano == decimal.Truncate(nano) ? (long)nano : throw new FormatException("value is too precise");
    }

    /// <summary>"a=b" pairs; "a" is "a" with nothing. null for no pairs.</summary>
    public static Dictionary<string, string>? Map(IReadOnlyList<string> pairs)
    {
        if (pairs.Count == 0)
            return null;
        var map = new Dictionary<string, string>();
        foreach (string pair in pairs)
        {
            var (key, value) = Pair(pair);
            map[key] = value;
        }
        return map;
    }

    public static (string Key, string Value) Pair(string pair)
    {
        int equals = pair.IndexOf('=');
        return equals < 0 ? (pair, "") : (pair[..equals], pair[(equals + 1)..]);
    }

    /// <summary>Checks "name=value" of --filter.</summary>
    public static string Filter(string text) =>
        text.Length == 0 || text.IndexOf('=') > 0
            ? text
            : throw new FormatException("bad format of filter (expected name=value)");

    /// <summary>Adds --filter's values.</summary>
    public static Docker.Filters Filters(ListFlag flag)
    {
        var filters = new Docker.Filters();
        foreach (string text in flag.Values)
        {
            if (text.Length == 0)
                continue;
            var (name, value) = Pair(text);
            filters.Add(name.Trim().ToLowerInvariant(), value.Trim());
        }
        return filters;
    }

    /// <summary>An environment variable: "A=b", or "A" for its value here (or, if it has none here, its removal).</summary>
    public static string Environment(string text)
    {
        if (text.Length == 0 || text[0] == '=')
            throw new FormatException("invalid environment variable: " + text);
        if (text.Contains('='))
            return text;
        return System.Environment.GetEnvironmentVariable(text) is { } value ? $"{text}={value}" : text;
    }

    /// <summary>
    /// The lines of an --env-file or --label-file: "A=b", or "A" for its value here; empty lines and those that begin
    /// with # are skipped.
    /// </summary>
    public static IEnumerable<string> FromFile(string path, bool environment)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FormatException($"open {path}: no such file or directory");
        }
        catch (UnauthorizedAccessException)
        {
            throw new FormatException($"open {path}: permission denied, or a directory");
        }
        foreach (string line in lines)
        {
            string text = line.TrimStart();
            if (text.Length == 0 || text[0] == '#')
                continue;
            var (name, _) = Pair(text);
            if (name.Length == 0)
                throw new FormatException($"no variable name on line '{text}'");
            if (name.Any(char.IsWhiteSpace))
                throw new FormatException($"variable '{name}' contains whitespaces");
            if (!environment || text.Contains('='))
                yield return text;
            else if (System.Environment.GetEnvironmentVariable(text) is { } value)
                yield return $"{text}={value}";
        }
    }

    /// <summary>--disable-content-trust: old scripts switch off what does not exist; switching it on is refused.</summary>
    public static void NoContentTrust(string text)
    {
        if (text is not ("true" or "1" or "t"))
            throw new FormatException("content trust is not supported");
    }
}
