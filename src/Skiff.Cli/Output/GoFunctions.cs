// The language of --format: its functions, and how Go prints values.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skiff.Cli.Output;

/// <summary>Values are null, bool, long, double, string, GoNil, GoJson, ITemplateRow or lists of these.</summary>
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
        "call",
    ];

    public static bool Knows(string name) => Array.IndexOf(Names, name) >= 0;

    /// <summary>Functions that leave the heading of a column alone.</summary>
    public static bool ChangesText(string name) => name is "json" or "title" or "lower" or "upper" or "truncate";

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

    /// <exception cref="GoArgumentsException">too few values</exception>
    /// <exception cref="GoCallException">values that it cannot work with</exception>
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
                Need(1);
                return Slice(first, arguments);
            case "len":
                return Need(1) is string text ? (long)Encoding.UTF8.GetByteCount(text) : Elements(first).LongCount();
            case "print":
                return PrintAll(arguments);
            case "println":
                return string.Join(' ', arguments.Select(Print)) + "\n";
            case "printf":
                Need(1);
                return GoFormat.Printf(Print(first), [.. arguments.Skip(1)]);
            case "upper":
                return Print(Need(1)).ToUpperInvariant();
            case "lower":
                return Print(Need(1)).ToLowerInvariant();
            case "title":
                return Title(Print(Need(1)));
            case "pad":
                Need(3);
                string padded = Print(first);
                return padded.Length == 0
                    ? ""
                    : new string(' ', Width(arguments[1])) + padded + new string(' ', Width(arguments[2]));
            case "truncate":
                Need(2);
                return Truncate(Print(first), Whole(arguments[1]));
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
                return Uri.EscapeDataString(PrintAll(arguments)).Replace("%20", "+", StringComparison.Ordinal);
            case "html":
                return Html(PrintAll(arguments));
            case "js":
                return Js(PrintAll(arguments));
            default:
                throw new GoCallException($"non-function of type {TypeName(Need(1))}");
        }

        object? Need(int count) =>
            arguments.Count >= count
                ? first
                : throw new GoArgumentsException($"wrong number of args for {name}: want {count} got {arguments.Count}");
    }

    /// <summary>Go's idea of a set value: not zero, not empty.</summary>
    public static bool Truth(object? value) =>
        value switch
        {
            null or GoNil => false,
            bool b => b,
            long n => n != 0,
            double d => d != 0,
            string s => s.Length > 0,
            GoJson { Element.ValueKind: JsonValueKind.Null } => false,
            GoJson { Element.ValueKind: JsonValueKind.Object } json => !GoFields.IsMap(json)
                || json.Element.EnumerateObject().Any(),
            GoJson { Element.ValueKind: JsonValueKind.Array } json => json.Element.GetArrayLength() > 0,
            IReadOnlyList<object?> list => list.Count > 0,
            _ => true,
        };

    /// <summary>Elements of a list or, by sorted key, of an object; none of null.</summary>
    public static IEnumerable<(object? Key, object? Value)> Elements(object? value) =>
        value switch
        {
            null or GoNil => [],
            IReadOnlyList<object?> list => list.Select((e, i) => ((object?)(long)i, e)),
            GoJson { Element.ValueKind: JsonValueKind.Array } json => json
                .Element.EnumerateArray()
                .Select((e, i) => ((object?)(long)i, Wrap(e, ""))),
            GoJson { Element.ValueKind: JsonValueKind.Object } json => json
                .Element.EnumerateObject()
                .OrderBy(m => m.Name, StringComparer.Ordinal)
                .Select(m => ((object?)m.Name, Wrap(m.Value, ""))),
            GoJson { Element.ValueKind: JsonValueKind.Null } => [],
            _ => throw new GoCallException($"{TypeName(value)} has no elements"),
        };

    static object? Index(object? container, object? key)
    {
        if (container is GoJson { Element.ValueKind: JsonValueKind.Object } json)
            return json.Element.TryGetProperty(Print(key), out var member) ? Wrap(member, "")
                : GoFields.IsTextMap(json) ? ""
                : null;
        if (container is GoJson { Element.ValueKind: JsonValueKind.Null } nothing && GoFields.IsTextMap(nothing))
            return "";
        if (container is null or GoNil or GoJson { Element.ValueKind: JsonValueKind.Null })
            throw new GoCallException(container is GoJson ? $"index out of range: {Print(key)}" : "index of untyped nil");
        long index = Whole(key);
        if (container is string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            return index >= 0 && index < bytes.Length ? (long)bytes[index] : throw OutOfRange(index);
        }
        var found = Elements(container).Skip((int)Math.Clamp(index, 0, int.MaxValue)).Take(1).ToList();
        return index >= 0 && found.Count == 1 ? found[0].Value : throw OutOfRange(index);
    }

    static GoCallException OutOfRange(long index) => new($"index out of range: {index}");

    static object? Slice(object? value, IReadOnlyList<object?> arguments)
    {
        if (value is string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            var (start, end) = Bounds(bytes.Length);
            return Encoding.UTF8.GetString(bytes, start, end - start);
        }
        var elements = Elements(value).Select(e => e.Value).ToList();
        var (from, to) = Bounds(elements.Count);
        return elements.GetRange(from, to - from);

        (int From, int To) Bounds(int length)
        {
            long low = arguments.Count > 1 ? Whole(arguments[1]) : 0;
            long high = arguments.Count > 2 ? Whole(arguments[2]) : length;
            return low < 0 || low > length ? throw OutOfRange(low)
                : high < 0 || high > length ? throw OutOfRange(high)
                : low > high ? throw new GoCallException($"invalid slice index: {low} > {high}")
                : ((int)low, (int)high);
        }
    }

    static long Whole(object? value) =>
        value as long? ?? throw new GoCallException($"cannot index slice/array with type {TypeName(value)}");

    static int Width(object? value) => (int)Math.Clamp(Whole(value), 0, 10_000);

    static string Truncate(string text, long most)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length < most ? text : Encoding.UTF8.GetString(bytes, 0, (int)Math.Clamp(most, 0, bytes.Length));
    }

    static string Title(string text)
    {
        var titled = new StringBuilder(text);
        for (int i = 0; i < titled.Length; i++)
            if (i == 0 || !(char.IsLetterOrDigit(titled[i - 1]) || titled[i - 1] is '_' or '\''))
                titled[i] = char.ToUpperInvariant(titled[i]);
        return titled.ToString();
    }

    static int Compare(object? a, object? b) =>
        (a, b) switch
        {
            (long x, long y) => x.CompareTo(y),
            (double x, double y) => x.CompareTo(y),
            (bool x, bool y) => x.CompareTo(y),
            (string x, string y) => string.CompareOrdinal(x, y),
            (null or GoNil, null or GoNil) => 0,
            (null or GoNil, _) or (_, null or GoNil) => -1,
            _ => throw new GoCallException("incompatible types for comparison"),
        };

    /// <summary>A space between values of which neither is a string, as Go's Sprint.</summary>
    static string PrintAll(IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0 && values[i] is not string && values[i - 1] is not string)
                text.Append(' ');
            text.Append(values[i] is null ? "<nil>" : Print(values[i]));
        }
        return text.ToString();
    }

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
                return GoFormat.Shortest(number, 21);
            case IReadOnlyList<object?> list:
                return $"[{string.Join(' ', list.Select(Print))}]";
            case ITemplateRow row:
                return row.ToJson();
            case GoJson json when json.Element.ValueKind == JsonValueKind.Array:
                return $"[{string.Join(' ', json.Element.EnumerateArray().Select(e => Print(Wrap(e, ""))))}]";
            case GoJson json when json.Element.ValueKind == JsonValueKind.Null:
                return GoFields.IsMap(json) ? "map[]"
                    : json.Name.Length == 0 || GoFields.IsPointer(json.Name) ? "<nil>"
                    : "[]";
            case GoJson json when GoFields.IsMap(json):
                var members = json.Element.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal);
                // Of no ports there is an empty list, not nothing.
                string inner = json.Name == "Ports" ? "Bindings" : "";
                return $"map[{string.Join(' ', members.Select(m => m.Name + ":" + Print(Wrap(m.Value, inner))))}]";
            case GoJson json:
                return $"{{{string.Join(' ', json.Element.EnumerateObject().Select(m => Print(Wrap(m.Value, m.Name))))}}}";
            default:
                return value.ToString() ?? "";
        }
    }

    public static string TypeName(object? value) =>
        value switch
        {
            null or GoNil => "<nil>",
            string => "string",
            bool => "bool",
            long => "int",
            double => "float64",
            ITemplateRow row => row.TypeName,
            IReadOnlyList<object?> => "[]string",
            GoJson { Element.ValueKind: JsonValueKind.Array } => "[]interface {}",
            GoJson { Element.ValueKind: JsonValueKind.Object } => "map[string]interface {}",
            _ => "interface {}",
        };

    /// <summary>The function json: the signs of HTML stand as they are.</summary>
    public static string Json(object? value) =>
        value switch
        {
            null or GoNil => "null",
            ITemplateRow row => row.ToJson(),
            GoJson json => json.Element.GetRawText(),
            bool truth => truth ? "true" : "false",
            string text => Encoded(text),
            IReadOnlyList<object?> list => $"[{string.Join(',', list.Select(Json))}]",
            _ => Print(value),
        };

    /// <summary>As Go's encoder writes a string by itself: the signs of HTML escaped.</summary>
    public static string Quote(string text) =>
        Encoded(text)
            .Replace("<", "\\u003c", StringComparison.Ordinal)
            .Replace(">", "\\u003e", StringComparison.Ordinal)
            .Replace("&", "\\u0026", StringComparison.Ordinal);

    static string Encoded(string text) => "\"" + JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text) + "\"";

    static string Html(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal)
            .Replace("\"", "&#34;", StringComparison.Ordinal);

    static string Js(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text)
            escaped.Append(
                c switch
                {
                    '\\' => "\\\\",
                    '\'' => "\\'",
                    '"' => "\\\"",
                    '<' => "\\u003C",
                    '>' => "\\u003E",
                    '&' => "\\u0026",
                    '=' => "\\u003D",
                    < ' ' => $"\\u{(int)c:X4}",
                    _ => c.ToString(),
                }
            );
        return escaped.ToString();
    }
}
