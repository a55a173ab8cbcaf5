// --log-opt tag: a name for a container's entries, with the container's particulars filled in.
using System.Text;

namespace Skiff.Engine.Containers;

/// <summary>The fields that docker documents: {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageID}}, {{.ImageFullID}}, {{.ImageName}}, {{.DaemonName}}.</summary>
internal static class LogTag
{
    static readonly string[] Fields = ["ID", "FullID", "Name", "ImageID", "ImageFullID", "ImageName", "DaemonName"];

    /// <exception cref="EngineException">InvalidParameter: no such field; NotImplemented: more than a field in brackets</exception>
    internal static string Expand(string tag, Func<string, string> value)
    {
        var text = new StringBuilder();
        int at = 0;
        while (tag.IndexOf("{{", at, StringComparison.Ordinal) is >= 0 and var open)
        {
            int close = tag.IndexOf("}}", open, StringComparison.Ordinal);
            if (close < 0)
                throw EngineException.Invalid($"invalid log tag \"{tag}\": unclosed action");
            string field = tag[(open + 2)..close].Trim();
            if (!field.StartsWith('.') || field.AsSpan(1).ContainsAny(" |(."))
                throw EngineException.NotImplemented(
                    $"--log-opt tag with {{{{{field}}}}} is not supported by this release of Skiff: fields alone are"
                );
            if (!Fields.Contains(field[1..]))
                throw EngineException.Invalid($"invalid log tag \"{tag}\": can't evaluate field {field[1..]}");
            text.Append(tag, at, open - at).Append(value(field[1..]));
            at = close + 2;
        }
        return text.Append(tag, at, tag.Length - at).ToString();
    }

    internal static string Of(Container container, string field) =>
        field switch
        {
            "ID" => container.Id[..12],
            "FullID" => container.Id,
            "Name" => container.Name,
            "ImageID" => container.ImageId.Hex[..12],
            "ImageFullID" => container.ImageId.ToString(),
            "ImageName" => container.ImageName,
            _ => "docker",
        };
}
