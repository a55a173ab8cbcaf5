// skiff context inspect: all about contexts.
using System.Text.Encodings.Web;
using System.Text.Json;
using Skiff.Cli.Contexts;
using Skiff.Cli.Options;
using Skiff.Cli.Output;

namespace Skiff.Cli.Commands;

internal sealed class ContextInspectCommand : Command
{
    readonly StringFlag format;

    public ContextInspectCommand() => format = Flags.String("format", "json, or a Go template", 'f');

    public override string Usage => "[OPTIONS] [CONTEXT] [CONTEXT...]";
    public override string Summary => "Show all about contexts; about the one in use if none is named";

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        var found = new List<JsonElement>();
        var failures = new List<string>();
        foreach (string name in arguments.Count > 0 ? arguments : [context.ContextName])
            try
            {
                using var document = JsonDocument.Parse(ToJson(context, context.FindContext(name)));
                found.Add(document.RootElement.Clone());
            }
            catch (CliException e)
            {
                failures.Add(e.Message);
            }
        CliContext.Print(
            format.Value is "" ? JsonText.Indented(found)
            : format == "json" ? $"[{string.Join(',', found.Select(f => f.GetRawText()))}]\n"
            : string.Concat(found.Select(f => GoTemplate.Parse(format).Run(new GoJson(f, "")) + "\n"))
        );
        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    static byte[] ToJson(CliContext context, DockerContext shown)
    {
        using var buffer = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            bool kept = shown.Name != ContextStore.Default;
            writer.WriteStartObject();
            // The default context's description is of lists only.
            (kept ? shown : shown with { Description = "" }).WriteMembers(writer);
            writer.WriteStartObject("TLSMaterial");
            writer.WriteEndObject();
            writer.WriteStartObject("Storage");
            writer.WriteString("MetadataPath", kept ? context.Contexts.MetadataPath(shown.Name) : "<IN MEMORY>");
            writer.WriteString("TLSPath", kept ? context.Contexts.TlsPath(shown.Name) : "<IN MEMORY>");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
