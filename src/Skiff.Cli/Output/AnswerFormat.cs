// --format of commands that show one answer: json, or a template over it.
using System.Text.Json;

namespace Skiff.Cli.Output;

internal static class AnswerFormat
{
    /// <param name="json">the answer</param>
    /// <param name="format">"json" or a template</param>
    /// <param name="type">of the answer, as docker's failures name it</param>
    /// <param name="name">of the template in failures</param>
    /// <exception cref="FormatException">no template, or it does not fit</exception>
    public static string Run(ReadOnlyMemory<byte> json, string format, string type, string name = "")
    {
        using var document = JsonDocument.Parse(json);
        return format == "json"
            ? document.RootElement.GetRawText()
            : GoTemplate.Parse(format, name).Run(new GoJson(document.RootElement, type));
    }
}
