// Builds paths of the API: names and values escaped.
using System.Text;

namespace Skiff.Cli;

internal sealed class Query(string path)
{
    readonly StringBuilder text = new(path);
    bool any;

    public static string Escape(string segment) => Uri.EscapeDataString(segment);

    /// <summary>An image name keeps its slashes.</summary>
    public static string EscapeImage(string name) => Uri.EscapeDataString(name).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>Adds a parameter, unless it is null or empty.</summary>
    public Query Add(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return this;
        text.Append(any ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        any = true;
        return this;
    }

    public Query Add(string name, bool value) => Add(name, value ? "1" : null);

    public Query Add(string name, Docker.Filters filters) => Add(name, filters.IsEmpty ? null : filters.ToJson());

    public override string ToString() => text.ToString();

    public static implicit operator string(Query query) => query.ToString();
}
