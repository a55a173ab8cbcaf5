// The "filters" of a query: JSON, in two forms.
using System.Text;
using System.Text.Json;

namespace Skiff.Docker;

/// <summary>
/// Key to values. On the wire {"label":["a=b"]}, or from old clients {"label":{"a=b":true}}. Values of one key are
/// alternatives, keys must all hold; for "label" all values must hold.
/// </summary>
public sealed class Filters
{
    readonly SortedDictionary<string, List<string>> values = new(StringComparer.Ordinal);

    public bool IsEmpty => values.Count == 0;
    public IReadOnlyCollection<string> Keys => values.Keys;

    /// <summary>The values of a key; none if it is absent.</summary>
    public IReadOnlyList<string> this[string key] => values.TryGetValue(key, out var list) ? list : [];

    public bool Has(string key) => values.ContainsKey(key);

    public Filters Add(string key, string value)
    {
        if (!values.TryGetValue(key, out var list))
            values.Add(key, list = []);
        if (!list.Contains(value))
            list.Add(value);
        return this;
    }

    /// <summary>The first key that is not among those an endpoint knows, or null. It answers 400 "invalid filter 'x'".</summary>
    public string? Unknown(params ReadOnlySpan<string> known)
    {
        foreach (var key in values.Keys)
            if (!known.Contains(key))
                return key;
        return null;
    }

    /// <summary>Labels asked for ("a" or "a=b"), all of which an object must have.</summary>
    public bool MatchesLabels(IReadOnlyDictionary<string, string>? labels) =>
        this["label"].All(wanted => HasLabel(labels, wanted)) && !this["label!"].Any(unwanted => HasLabel(labels, unwanted));

    static bool HasLabel(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        int equals = wanted.IndexOf('=');
        if (labels is null || !labels.TryGetValue(equals < 0 ? wanted : wanted[..equals], out var value))
            return false;
        return equals < 0 || value == wanted[(equals + 1)..];
    }

    /// <exception cref="FormatException">not such JSON</exception>
    public static Filters Parse(string? json)
    {
        var filters = new Filters();
        if (string.IsNullOrEmpty(json))
            return filters;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Null)
                return filters;
            foreach (var key in document.RootElement.EnumerateObject())
            {
                if (!filters.Has(key.Name))
                    filters.values.Add(key.Name, []);
                if (key.Value.ValueKind == JsonValueKind.Array)
                    foreach (var value in key.Value.EnumerateArray())
                        filters.Add(key.Name, value.GetString() ?? "");
                else
                    foreach (var value in key.Value.EnumerateObject())
                        if (value.Value.GetBoolean())
                            filters.Add(key.Name, value.Name);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("invalid filters: " + e.Message, e);
        }
        return filters;
    }

    /// <summary>The form with sets, which every engine reads.</summary>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (key, list) in values)
            {
                writer.WriteStartObject(key);
                foreach (var value in list)
                    writer.WriteBoolean(value, true);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
