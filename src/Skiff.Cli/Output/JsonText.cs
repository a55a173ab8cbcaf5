// JSON for people.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skiff.Cli.Output;

internal static class JsonText
{
    /// <summary>A list, indented by four as docker's inspect is, with a newline at its end.</summary>
    public static string Indented(IReadOnlyList<JsonElement> elements)
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Indented = true,
            IndentSize = 4,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            writer.WriteStartArray();
            foreach (var element in elements)
                element.WriteTo(writer);
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length) + "\n";
    }
}
