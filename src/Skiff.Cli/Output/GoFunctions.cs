// The language of --format: its functions, and how Go prints values.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skiff.Cli.Output;

/// <summary>Values are null, bool, long, double, string, GoJson, ITemplateRow or lists of these.</summary>
internal static class GoFunctions
{
    static readonly string[] Names =
    [
        "json",
        "join",
        "split",
        "index",
        "slice",
        "len",
        "print",
        "printf",
        "println",
        "upper",
        "lower",
        "title",
        "pad",
        "truncate",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "and",
        "or",
        "not",
        "html",
        "urlquery",
        "js",
    ];

    // Members that are maps in Docker's types, and pointers; all else is a struct or a slice. It only matters for printing.
    static readonly string[] Maps =
    [
        "Labels",
        "Volumes",
        "ExposedPorts",
        "PortBindings",
        "Ports",
        "Networks",
        "Options",
        "DriverOpts",
        "Sysctls",
        "Tmpfs",
        "StorageOpt",
        "Annotations",
        "Data",
        "Containers",
        "Attributes",
        "Config",
        "Runtimes",
        "IndexConfigs",
    ];
    static readonly string[] Pointers =
    [
        "Health",
        "Healthcheck",
        "IPAMConfig",
        "PidsLimit",
        "MemorySwappiness",
        "OomKillDisable",
        "Init",
        "HostConfig",
        "NetworkSettings",
        "StopTimeout",
    ];

    public static bool Knows(string name) => Array.IndexOf(Names, name) >= 0;

    public static object? Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole
        : text.StartsWith("0x", StringComparison.Ordinal)
        && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out whole)
            ? whole
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real
        : null;

    /// <summary>Strings, numbers and truth values of JSON become plain values; objects, lists and null keep their name.</summary>
    public static object? Wrap(JsonElement element, string name) =>
        element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => Number(element.GetRawText()),
            _ => new GoJson(element, name),
        };

    public static object? Call(string name, IReadOnlyList<object?> arguments)
    {
        object? first = arguments.Count > 0 ? arguments[0] : null;
        switch (name)
        {
            case "json":
                return Json(Need(1));
            case "join":
                Need(2);
                return string.Join(Print(arguments[1]), Elements(first).Select(e => Print(e.Value)));
            case "split":
                Need(2);
                return Print(first).Split(Print(arguments[1])).Cast<object?>().ToList();
            case "index":
                return arguments.Skip(1).Aggregate(Need(1), Index);
            case "slice":
                Need(2);
                return Slice(Print(first), arguments);
            case "len":
                return Need(1) is string text ? (long)Encoding.UTF8.GetByteCount(text) : Elements(first).LongCount();
            case "print":
                return string.Concat(arguments.Select(Print));
            case "println":
                return string.Join(' ', arguments.Select(Print)) + "\n";
            case "printf":
                Need(1);
                return Printf(Print(first), arguments.Skip(1).ToList());
            case "upper":
                return Print(Need(1)).ToUpperInvariant();
            case "lower":
                return Print(Need(1)).ToLowerInvariant();
            case "title":
                return CultureInfo.InvariantCulture.TextInfo.ToTitleCase(Print(Need(1)));
            case "pad":
                Need(3);
                string padded = Print(first);
                return padded.Length == 0
                    ? ""
                    : new string(' ', (int)Whole(arguments[1])) + padded + new string(' ', (int)Whole(arguments[2]));
            case "truncate":
                Need(2);
                string whole = Print(first);
                return whole.Length > Whole(arguments[1]) ? whole[..(int)Whole(arguments[1])] : whole;
            case "eq":
                Need(2);
                return arguments.Skip(1).Any(a => Compare(first, a) == 0);
            case "ne":
                Need(2);
                return Compare(first, arguments[1]) != 0;
            case "lt":
                Need(2);
                return Compare(first, arguments[1]) < 0;
            case "le":
                Need(2);
                return Compare(first, arguments[1]) <= 0;
            case "gt":
                Need(2);
                return Compare(first, arguments[1]) > 0;
            case "ge":
                Need(2);
                return Compare(first, arguments[1]) >= 0;
            case "and":
                Need(1);
                return arguments.FirstOrDefault(a => !Truth(a), arguments[^1]);
            case "or":
                Need(1);
                return arguments.FirstOrDefault(Truth, arguments[^1]);
            case "not":
                return !Truth(Need(1));
            case "urlquery":
                return Uri.EscapeDataString(Print(Need(1)));
            case "html":
                return HtmlEncoder.Default.Encode(Print(Need(1)));
            case "js":
                return JavaScriptEncoder.Default.Encode(Print(Need(1)));
            default:
                throw new FormatException($"template parsing error: template: :1: function \"{name}\" not defined");
        }

        object? Need(int count) =>
            arguments.Count >= count
                ? first
                : throw new FormatException($"template: :1: wrong number of args for {name}: want {count} got {arguments.Count}");
    }

    /// <summary>Go's idea of a set value: not zero, not empty.</summary>
    public static bool Truth(object? value) =>
        value switch
        {
            null => false,
            bool b => b,
            long n => n != 0,
            double d => d != 0,
            string s => s.Length > 0,
            GoJson { Element.ValueKind: JsonValueKind.Null } => false,
            GoJson { Element.ValueKind: JsonValueKind.Object } json => !IsMap(json.Name) || json.Element.EnumerateObject().Any(),
            GoJson { Element.ValueKind: JsonValueKind.Array } json => json.Element.GetArrayLength() > 0,
            IReadOnlyList<object?> list => list.Count > 0,
            _ => true,
        };

    /// <summary>Elements of a list or, by sorted key, of an object; none of null.</summary>
    public static IEnumerable<(object? Key, object? Value)> Elements(object? value) =>
        value switch
        {
            null => [],
            IReadOnlyList<object?> list => list.Select((e, i) => ((object?)(long)i, e)),
            GoJson { Element.ValueKind: JsonValueKind.Array } json => json
                .Element.EnumerateArray()
                .Select((e, i) => ((object?)(long)i, Wrap(e, ""))),
            GoJson { Element.ValueKind: JsonValueKind.Object } json => json
                .Element.EnumerateObject()
                .OrderBy(m => m.Name, StringComparer.Ordinal)
                .Select(m => ((object?)m.Name, Wrap(m.Value, ""))),
            GoJson { Element.ValueKind: JsonValueKind.Null } => [],
            _ => throw new FormatException($"template: :1: range can't iterate over {Print(value)}"),
        };

    static object? Index(object? container, object? key)
    {
        if (container is GoJson { Element.ValueKind: JsonValueKind.Object } json)
            return json.Element.TryGetProperty(Print(key), out var member) ? Wrap(member, "") : null;
        if (container is null or GoJson { Element.ValueKind: JsonValueKind.Null })
            throw new FormatException("template: :1: error calling index: index of nil pointer");
        long index = Whole(key);
        if (container is string text)
            return index >= 0 && index < text.Length ? (long)text[(int)index] : throw OutOfRange(index);
        var found = Elements(container).Skip((int)Math.Clamp(index, 0, int.MaxValue)).Take(1).ToList();
        return index >= 0 && found.Count == 1 ? found[0].Value : throw OutOfRange(index);
    }

    static FormatException OutOfRange(long index) => new($"template: :1: error calling index: index out of range: {index}");

    static string Slice(string text, IReadOnlyList<object?> arguments)
    {
        int from = (int)Whole(arguments[1]);
        int to = arguments.Count > 2 ? (int)Whole(arguments[2]) : text.Length;
        return from >= 0 && from <= to && to <= text.Length
            ? text[from..to]
            : throw new FormatException($"template: :1: error calling slice: index out of range: {to}");
    }

    static long Whole(object? value) =>
        value as long? ?? throw new FormatException($"template: :1: {Print(value)} is not an integer");

    static int Compare(object? a, object? b) =>
        (a, b) switch
        {
            (long x, long y) => x.CompareTo(y),
            (long or double, long or double) => Convert
                .ToDouble(a, CultureInfo.InvariantCulture)
                .CompareTo(Convert.ToDouble(b, CultureInfo.InvariantCulture)),
            (bool x, bool y) => x.CompareTo(y),
            (string x, string y) => string.CompareOrdinal(x, y),
            (null, null) => 0,
            _ => throw new FormatException("template: :1: incompatible types for comparison"),
        };

    /// <summary>As Go's %v prints it.</summary>
    public static string Print(object? value)
    {
        switch (value)
        {
            case null:
                return "<no value>";
            case string text:
                return text;
            case bool truth:
                return truth ? "true" : "false";
            case long number:
                return number.ToString(CultureInfo.InvariantCulture);
            case double number:
                return number.ToString("R", CultureInfo.InvariantCulture);
            case IReadOnlyList<object?> list:
                return $"[{string.Join(' ', list.Select(Print))}]";
            case ITemplateRow row:
                return row.ToJson();
            case GoJson json when json.Element.ValueKind == JsonValueKind.Array:
                return $"[{string.Join(' ', json.Element.EnumerateArray().Select(e => Print(Wrap(e, ""))))}]";
            case GoJson json when json.Element.ValueKind == JsonValueKind.Null:
                return IsMap(json.Name) ? "map[]"
                    : json.Name.Length == 0 || Array.IndexOf(Pointers, json.Name) >= 0 ? "<nil>"
                    : "[]";
            case GoJson json when IsMap(json.Name):
                var members = json.Element.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal);
                return $"map[{string.Join(' ', members.Select(m => m.Name + ":" + Print(Wrap(m.Value, ""))))}]";
            case GoJson json:
                return $"{{{string.Join(' ', json.Element.EnumerateObject().Select(m => Print(Wrap(m.Value, m.Name))))}}}";
            default:
                return value.ToString() ?? "";
        }
    }

    static bool IsMap(string name) => Array.IndexOf(Maps, name) >= 0;

    public static string TypeName(object value) =>
        value switch
        {
            string => "string",
            bool => "bool",
            long => "int64",
            double => "float64",
            _ => "interface {}",
        };

    /// <summary>As Go's encoder writes it: the signs of HTML escaped.</summary>
    public static string Json(object? value) =>
        value switch
        {
            null => "null",
            ITemplateRow row => row.ToJson(),
            GoJson json => json.Element.GetRawText(),
            bool truth => truth ? "true" : "false",
            string text => Quote(text),
            IReadOnlyList<object?> list => $"[{string.Join(',', list.Select(Json))}]",
            _ => Print(value),
        };

    public static string Quote(string text) =>
        "\""
        + JavaScriptEncoder
            .UnsafeRelaxedJsonEscaping.Encode(text)
            .Replace("<", "\\u003c", StringComparison.Ordinal)
            .Replace(">", "\\u003e", StringComparison.Ordinal)
            .Replace("&", "\\u0026", StringComparison.Ordinal)
        + "\"";

    static string Printf(string format, List<object?> arguments)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            int start = ++i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] is '-' or '+' or '.' or '#' or ' '))
                i++;
            if (i == format.Length)
                break;
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }
            object? argument = next < arguments.Count ? arguments[next++] : "%!" + format[i] + "(MISSING)";
            text.Append(Pad(Verb(format[i], format[start..i], argument), format[start..i]));
        }
        return text.ToString();
    }

    static string Verb(char verb, string flags, object? argument) =>
        verb switch
        {
            'q' => Quote(Print(argument)),
            'x' => argument is long n
                ? n.ToString("x", CultureInfo.InvariantCulture)
                : Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Print(argument))),
            'X' => argument is long n
                ? n.ToString("X", CultureInfo.InvariantCulture)
                : Convert.ToHexString(Encoding.UTF8.GetBytes(Print(argument))),
            'f' => Convert
                .ToDouble(argument, CultureInfo.InvariantCulture)
                .ToString("F" + (flags.Contains('.') ? flags[(flags.IndexOf('.') + 1)..] : "6"), CultureInfo.InvariantCulture),
            'T' => argument is null ? "<nil>" : TypeName(argument),
            _ => Print(argument),
        };

    static string Pad(string text, string flags)
    {
        bool left = flags.StartsWith('-');
        string digits = flags.TrimStart('-', '+', '#', ' ');
        int dot = digits.IndexOf('.');
        if (dot >= 0)
            digits = digits[..dot];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int width) || width > 10_000)
            return text;
        return left ? text.PadRight(width)
            : digits.StartsWith('0') ? text.PadLeft(width, '0')
            : text.PadLeft(width);
    }
}
