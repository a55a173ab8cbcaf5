// Go's fmt: printf and the way that values are printed.
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Skiff.Cli.Output;

internal static class GoFormat
{
    const int MaxWidth = 10_000;

    /// <summary>%[flags][width][.precision]verb for strings, numbers, truth values and lists of them.</summary>
    public static string Printf(string format, IReadOnlyList<object?> arguments)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            var spec = new Spec();
            for (i++; i < format.Length && spec.TakeFlag(format[i]); i++) { }
            spec.Width = Number(format, ref i, arguments, ref next);
            if (spec.Width < 0)
            {
                spec.Left = true;
                spec.Width = -spec.Width;
            }
            if (i < format.Length && format[i] == '.')
            {
                i++;
                spec.Precision = Math.Max(0, Number(format, ref i, arguments, ref next) ?? 0);
            }
            if (i == format.Length)
                return text.Append("%!(NOVERB)").ToString();
            char verb = format[i];
            if (verb == '%')
                text.Append('%');
            else if (next >= arguments.Count)
                text.Append("%!").Append(verb).Append("(MISSING)");
            else
                text.Append(Formatted(verb, spec, arguments[next++]));
        }
        if (next < arguments.Count)
            text.Append("%!(EXTRA ")
                .AppendJoin(", ", arguments.Skip(next).Select(a => $"{GoFunctions.TypeName(a)}={GoFunctions.Print(a)}"))
                .Append(')');
        return text.ToString();
    }

    sealed class Spec
    {
        internal bool Left,
            Plus,
            Space,
            Zero,
            Sharp;
        internal int? Width,
            Precision;

        internal bool TakeFlag(char c)
        {
            switch (c)
            {
                case '-':
                    return Left = true;
                case '+':
                    return Plus = true;
                case ' ':
                    return Space = true;
                case '0':
                    return Zero = true;
                case '#':
                    return Sharp = true;
                default:
                    return false;
            }
        }
    }

    static int? Number(string format, ref int at, IReadOnlyList<object?> arguments, ref int next)
    {
        if (at < format.Length && format[at] == '*')
        {
            at++;
            return next < arguments.Count && arguments[next++] is long given ? (int)Math.Clamp(given, -MaxWidth, MaxWidth) : null;
        }
        int start = at;
        while (at < format.Length && char.IsAsciiDigit(format[at]))
            at++;
        return int.TryParse(format.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? Math.Min(number, MaxWidth)
            : null;
    }

    static string Formatted(char verb, Spec spec, object? value)
    {
        if (verb == 'T')
            return Pad(GoFunctions.TypeName(value), spec, number: false);
        if (verb == 'v')
            return value is long or double && spec is { Plus: true } or { Space: true }
                ? Pad(Signed(GoFunctions.Print(value), spec), spec, number: true)
                : Pad(value is null ? "<nil>" : GoFunctions.Print(value), spec, number: value is long or double);
        if (value is IReadOnlyList<object?> or GoJson { Element.ValueKind: JsonValueKind.Array })
            return $"[{string.Join(' ', GoFunctions.Elements(value).Select(e => Formatted(verb, spec, e.Value)))}]";
        string? text = value switch
        {
            string s => Text(verb, spec, s),
            long n => Whole(verb, spec, n),
            double d => Real(verb, spec, d),
            bool b => verb == 't' ? (b ? "true" : "false") : null,
            GoJson json when verb is 's' or 'd' => GoFunctions.Print(json),
            _ => null,
        };
        if (text is not null)
            return Pad(text, spec, number: value is long or double && verb is not ('c' or 'q' or 'U'));
        return value is null or GoNil
            ? $"%!{verb}(<nil>)"
            : $"%!{verb}({GoFunctions.TypeName(value)}={GoFunctions.Print(value)})";
    }

    static string? Text(char verb, Spec spec, string value)
    {
        if (spec.Precision is { } most && verb is 's' or 'q' && spec.Precision is not null)
            value = string.Concat(value.EnumerateRunes().Take(spec.Precision.Value).Select(r => r.ToString()));
        return verb switch
        {
            's' => value,
            'q' => spec.Sharp && !value.Contains('`') ? $"`{value}`" : Quote(value),
            'x' => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value)),
            'X' => Convert.ToHexString(Encoding.UTF8.GetBytes(value)),
            _ => null,
        };
    }

    static string? Whole(char verb, Spec spec, long n)
    {
        string magnitude = n.ToString(CultureInfo.InvariantCulture).TrimStart('-');
        ulong absolute = n < 0 ? (ulong)-(Int128)n : (ulong)n;
        string? digits = verb switch
        {
            'd' => magnitude,
            'x' => (spec.Sharp ? "0x" : "") + absolute.ToString("x", CultureInfo.InvariantCulture),
            'X' => (spec.Sharp ? "0X" : "") + absolute.ToString("X", CultureInfo.InvariantCulture),
            'o' => (spec.Sharp ? "0" : "") + InBase(absolute, 8),
            'b' => (spec.Sharp ? "0b" : "") + InBase(absolute, 2),
            _ => null,
        };
        if (digits is not null)
            return Signed(n < 0 ? "-" + digits : digits, spec);
        string? character = Rune.IsValid((int)Math.Clamp(n, int.MinValue, int.MaxValue)) ? new Rune((int)n).ToString() : "\ufffd";
        return verb switch
        {
            'c' => character,
            'q' => $"'{(character is "'" or "\\" ? "\\" + character : character)}'",
            'U' => "U+" + n.ToString("X4", CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    static string InBase(ulong value, uint radix)
    {
        var digits = new StringBuilder();
        do digits.Insert(0, (char)('0' + value % radix));
        while ((value /= radix) > 0);
        return digits.ToString();
    }

    static string? Real(char verb, Spec spec, double d)
    {
        string precision = (spec.Precision ?? 6).ToString(CultureInfo.InvariantCulture);
        string? text = verb switch
        {
            'f' or 'F' => d.ToString("F" + precision, CultureInfo.InvariantCulture),
            'e' or 'E' => Exponent(d.ToString((verb == 'e' ? "e" : "E") + precision, CultureInfo.InvariantCulture)),
            'g' or 'G' => spec.Precision is { } digits ? Digits(d, Math.Max(1, digits)) : Shortest(d, 21),
            _ => null,
        };
        return text is null ? null : Signed(text, spec);
    }

    static string Digits(double d, int digits)
    {
        string text = d.ToString("e" + (digits - 1), CultureInfo.InvariantCulture);
        int exponent = int.Parse(text.AsSpan(text.IndexOf('e') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= digits)
        {
            int e = text.IndexOf('e');
            string mantissa = text[..e].Contains('.') ? text[..e].TrimEnd('0').TrimEnd('.') : text[..e];
            return Exponent(mantissa + text[e..]);
        }
        string plain = d.ToString("F" + (digits - 1 - exponent), CultureInfo.InvariantCulture);
        return plain.Contains('.') ? plain.TrimEnd('0').TrimEnd('.') : plain;
    }

    /// <summary>The fewest digits that tell the number, with an exponent from 10^-5 down and from 10^most up.</summary>
    public static string Shortest(double d, int most)
    {
        if (d == 0 || double.IsNaN(d))
            return d == 0 ? "0" : "NaN";
        if (double.IsInfinity(d))
            return d > 0 ? "+Inf" : "-Inf";
        string text = d.ToString("E16", CultureInfo.InvariantCulture);
        int exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string shortest = d.ToString("R", CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < most)
            return shortest.Contains('E') ? ((decimal)d).ToString(CultureInfo.InvariantCulture) : shortest;
        string digits = shortest.TrimStart('-').Replace(".", "", StringComparison.Ordinal);
        if (digits.IndexOf('E') is >= 0 and var e)
            digits = digits[..e];
        digits = digits.Trim('0');
        string mantissa = digits.Length > 1 ? digits[..1] + "." + digits[1..] : digits;
        return $"{(d < 0 ? "-" : "")}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    // .NET writes three digits at least, Go two.
    static string Exponent(string text)
    {
        int e = text.IndexOfAny(['e', 'E']);
        int exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{text[..(e + 1)]}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}"
        );
    }

    static string Signed(string text, Spec spec) =>
        text.StartsWith('-') ? text
        : spec.Plus ? "+" + text
        : spec.Space ? " " + text
        : text;

    static string Pad(string text, Spec spec, bool number)
    {
        int missing = (spec.Width ?? 0) - text.EnumerateRunes().Count();
        if (missing <= 0)
            return text;
        if (spec.Left)
            return text + new string(' ', missing);
        if (!spec.Zero)
            return new string(' ', missing) + text;
        return number && text[0] is '-' or '+' ? text[0] + new string('0', missing) + text[1..] : new string('0', missing) + text;
    }

    /// <summary>A string in double quotes as Go's %q writes it.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
            quoted.Append(
                rune.Value switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\a' => "\\a",
                    '\b' => "\\b",
                    '\f' => "\\f",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    '\v' => "\\v",
                    < 0x20 or 0x7f => $"\\x{rune.Value:x2}",
                    _ => rune.ToString(),
                }
            );
        return quoted.Append('"').ToString();
    }
}
