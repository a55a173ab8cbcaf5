// Lists of objects: as a table, as JSON lines, by a template, or only their names.
using System.Text;

namespace Skiff.Cli.Output;

/// <summary>One object of a list. Values are strings, as a reader sees them; null is a value that is not there.</summary>
internal sealed class Row(IReadOnlyDictionary<string, string>? labels = null) : ITemplateRow
{
    readonly SortedDictionary<string, string?> fields = new(StringComparer.Ordinal);

    public string TypeName { get; set; } = "";

    /// <summary>Fields that are "true" or "false", and no strings in JSON.</summary>
    public IReadOnlyList<string> Truths { get; init; } = [];

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
        value = text is null ? GoNil.Instance : text;
        return found;
    }

    public string ToJson() =>
        $"{{{string.Join(',', fields.Select(f => $"{GoFunctions.Quote(f.Key)}:{(f.Value is null ? "null" : Truths.Contains(f.Key) ? f.Value : GoFunctions.Quote(f.Value))}"))}}}";
}

/// <summary>The heading row of a table made by a template.</summary>
internal sealed class HeaderRow(Listing listing) : ITemplateRow
{
    public string TypeName => listing.Type;

    public bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value)
    {
        if (field == "Label" && arguments is [string label])
        {
            value = label[(label.LastIndexOf('.') + 1)..];
            return true;
        }
        bool found = listing.Headers.TryGetValue(field, out string? header);
        value = header;
        return found;
    }

    public string ToJson() =>
        "map["
        + string.Join(' ', listing.Headers.OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}:{h.Value}"))
        + "]";
}

/// <summary>What a kind of list shows: the headings of its fields and the columns of its table.</summary>
/// <param name="Quiet">the field shown by -q</param>
/// <param name="Type">of a row, as docker's failures name it</param>
internal sealed record Listing(
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyList<string> Columns,
    string Quiet,
    string Type
)
{
    /// <summary>The template that --format raw stands for; null: there is none.</summary>
    public string? Raw { get; init; }

    /// <summary>What stands before a failure while a template runs.</summary>
    public string FailurePrefix { get; init; } = "template parsing error: ";

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
        string source = (
            table ? format[6..]
            : format == "raw" && Raw is not null ? Raw
            : format
        ).Trim(' ').Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
        var template = Parse(source);
        foreach (var row in rows)
            row.TypeName = Type;
        try
        {
            if (table)
                return Table.Align([template.Run(new HeaderRow(this), header: true), .. rows.Select(r => template.Run(r))]);
            var text = new StringBuilder();
            foreach (var row in rows)
                text.Append(template.Run(row)).Append('\n');
            return text.ToString();
        }
        catch (FormatException e)
        {
            throw new FormatException(FailurePrefix + e.Message, e);
        }
    }

    GoTemplate Parse(string source)
    {
        try
        {
            return GoTemplate.Parse(source);
        }
        catch (FormatException e)
        {
            throw new FormatException(
                (FailurePrefix.StartsWith("failed", StringComparison.Ordinal) ? "failed to parse template: " : FailurePrefix)
                    + e.Message,
                e
            );
        }
    }

    // What would break the table.
    static string Clean(string cell) => cell.AsSpan().ContainsAny('\t', '\n') ? cell.Replace('\t', ' ').Replace('\n', ' ') : cell;
}
