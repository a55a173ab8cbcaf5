// The exec form: ["program", "argument"].
using System.Text.Json;

namespace Skiff.Engine.Dockerfile;

internal static class JsonForm
{
    /// <summary>null for anything that is not quite an array of strings: it is a line for the shell then.</summary>
    internal static IReadOnlyList<string>? TryParse(string text)
    {
        if (!text.StartsWith('['))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            var items = document.RootElement.EnumerateArray().ToList();
            return items.All(i => i.ValueKind == JsonValueKind.String) ? [.. items.Select(i => i.GetString()!)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>As Docker writes commands into an image's history.</summary>
    internal static string Write(IEnumerable<string> items) =>
        "["
        + string.Join(
            " ",
            items.Select(i =>
                "\"" + i.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\""
            )
        )
        + "]";
}
