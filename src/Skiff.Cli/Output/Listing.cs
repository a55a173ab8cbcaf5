// Lists of objects: as a table, as JSON lines, by a template, or only their names.
using System.Text;

namespace Skiff.Cli.Output;

/// <summary>One object of a list. Values are strings, as a reader sees them.</summary>
internal sealed class Row(IReadOnlyDictionary<string, string>? labels = null) : ITemplateRow
{
    readonly SortedDictionary<string, string?> fields = new(StringComparer.Ordinal);

    public string? this[string field]
    {
        get => fields[field];
        set => fields[field] = value;
    }

    public bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value)
    {
        if (field == "Label" && labels is not null && arguments is [string name])
        {
            value = labels.GetValueOrDefault(name, "");
            return true;
        }
        bool found = fields.TryGetValue(field, out string? text);
        value = text;
        return found;
    }

    public string ToJson() =>
        $"{{{string.Join(',', fields.Select(f => $"{GoFunctions.Quote(f.Key)}:{GoFunctions.Json(f.Value)}"))}}}";
}

/// <summary>The heading row of a table made by a template.</summary>
internal sealed class HeaderRow(IReadOnlyDictionary<string, string> headers) : ITemplateRow
{
    public bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value)
    {
        if (field == "Label" && arguments is [string label])
        {
            value = label[(label.LastIndexOf('.') + 1)..];
            return true;
        }
        bool found = headers.TryGetValue(field, out string? header);
        value = header;
        return found;
    }

    public string ToJson() => throw new FormatException("template: json cannot be a column of a table");
}

/// <summary>What a kind of list shows: the headings of its fields and the columns of its table.</summary>
/// <param name="Quiet">the field shown by -q</param>
internal sealed record Listing(IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Columns, string Quiet)
{
    /// <summary>The text for these rows.</summary>
    /// <param name="format">of --format, or empty</param>
    /// <exception cref="FormatException">the format is no template</exception>
    public string Format(IReadOnlyList<Row> rows, string format, bool quiet)
    {
        bool table = format is "" or "table" || format.StartsWith("table ", StringComparison.Ordinal);
        if (quiet && format is "" or "table")
            return string.Concat(rows.Select(r => r[Quiet] + "\n"));
        if (format is "" or "table")
            return Table.Align([
                string.Join('\t', Columns.Select(c => Headers[c])),
                .. rows.Select(r => string.Join('\t', Columns.Select(c => Clean(r[c] ?? "")))),
            ]);
        if (format == "json")
            return string.Concat(rows.Select(r => r.ToJson() + "\n"));
        string source = (table ? format[6..] : format)
            .Replace("\\t", "\t", StringComparison.Ordinal)
            .Replace("\\n", "\n", StringComparison.Ordinal);
        if (source == "raw")
            throw new FormatException("the format \"raw\" is not supported: use a template");
        var template = GoTemplate.Parse(source);
        if (table)
            return Table.Align([template.Run(new HeaderRow(Headers)), .. rows.Select(template.Run)]);
        var text = new StringBuilder();
        foreach (var row in rows)
            text.Append(template.Run(row)).Append('\n');
        return text.ToString();
    }

    // What would break the table.
    static string Clean(string cell) => cell.AsSpan().ContainsAny('\t', '\n') ? cell.Replace('\t', ' ').Replace('\n', ' ') : cell;
}
