// Members of a JSON object by name and kind; absent and null are the same.
using System.Text.Json;

namespace Skiff.Oci.Runtime;

internal static class JsonMembers
{
    internal static string? Text(this JsonElement e, string name) => e.Member(name)?.GetString();

    internal static string Needed(this JsonElement e, string name) =>
        e.Text(name) ?? throw new JsonException($"{name} is missing");

    internal static bool Bool(this JsonElement e, string name) => e.MaybeBool(name) ?? false;

    internal static bool? MaybeBool(this JsonElement e, string name) => e.Member(name)?.GetBoolean();

    internal static JsonElement? Number(this JsonElement e, string name) => e.Member(name);

    internal static ushort? UInt16(this JsonElement? e) => e?.GetUInt16();

    internal static int? Int32(this JsonElement? e) => e?.GetInt32();

    internal static uint? UInt32(this JsonElement? e) => e?.GetUInt32();

    internal static long? Int64(this JsonElement? e) => e?.GetInt64();

    internal static ulong? UInt64(this JsonElement? e) => e?.GetUInt64();

    internal static T? Object<T>(this JsonElement e, string name, Func<JsonElement, T> read)
        where T : class => e.Member(name) is JsonElement member ? read(member) : null;

    internal static IReadOnlyList<T>? List<T>(this JsonElement e, string name, Func<JsonElement, T> read)
    {
        if (e.Member(name) is not JsonElement member)
            return null;
        var items = new T[member.GetArrayLength()];
        int next = 0;
        foreach (JsonElement item in member.EnumerateArray())
            items[next++] = read(item);
        return items;
    }

    internal static IReadOnlyList<string>? Texts(this JsonElement e, string name) =>
        e.List(name, t => t.GetString() ?? throw new JsonException($"{name} holds null"));

    internal static IReadOnlyDictionary<string, T>? Map<T>(this JsonElement e, string name, Func<JsonElement, T> read)
    {
        if (e.Member(name) is not JsonElement member)
            return null;
        var items = new Dictionary<string, T>();
        foreach (JsonProperty property in member.EnumerateObject())
            items[property.Name] = read(property.Value);
        return items;
    }

    internal static IReadOnlyDictionary<string, string>? TextMap(this JsonElement e, string name) =>
        e.Map(name, t => t.GetString() ?? throw new JsonException($"{name} holds null"));

    static JsonElement? Member(this JsonElement e, string name) =>
        e.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? member : null;
}
