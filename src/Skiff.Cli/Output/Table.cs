// Columns of text: each as wide as its longest cell and three spaces, at least ten; the last one as it is.
using System.Text;

namespace Skiff.Cli.Output;

internal static class Table
{
    /// <summary>Aligns rows of equal length. Cells are separated by tabs in <paramref name="rows"/>.</summary>
    public static string Align(IReadOnlyList<string> rows, int minWidth = 10, int padding = 3)
    {
        var cells = rows.Select(r => r.Split('\t')).ToList();
        var widths = new List<int>();
        foreach (var row in cells)
            for (int i = 0; i < row.Length - 1; i++)
            {
                if (widths.Count == i)
                    widths.Add(minWidth);
                widths[i] = Math.Max(widths[i], Width(row[i]) + padding);
            }
        var text = new StringBuilder();
        foreach (var row in cells)
        {
            for (int i = 0; i < row.Length - 1; i++)
                text.Append(row[i]).Append(' ', widths[i] - Width(row[i]));
            text.Append(row[^1]).Append('\n');
        }
        return text.ToString();
    }

    // Code points, as Docker counts them.
    static int Width(string cell)
    {
        int width = cell.Length;
        foreach (char c in cell)
            if (char.IsLowSurrogate(c))
                width--;
        return width;
    }
}
