// Patterns of file names: those of COPY's sources and --exclude.
using System.Text;
using System.Text.RegularExpressions;

namespace Skiff.Engine.Build;

/// <summary>Go's filepath.Match, and "**" for any number of directories, as in .dockerignore.</summary>
internal static class IgnorePattern
{
    /// <summary>A regular expression for one component of a path.</summary>
    internal static string Component(string pattern) => "^" + Translate(pattern, slash: false) + "\\z";

    /// <summary>Tells of a path below a directory whether one of the patterns names it, or what it is in.</summary>
    internal static Func<string, bool> Any(IReadOnlyList<string> patterns)
    {
        var all = patterns.Select(p => Whole(ContextFiles.Clean(p))).ToList();
        return path => all.Exists(r => r.IsMatch(path));
    }

    /// <summary>A path and all below it.</summary>
    internal static Regex Whole(string pattern) =>
        new("^" + Translate(pattern, slash: true) + "(/.*)?\\z", RegexOptions.NonBacktracking | RegexOptions.Singleline);

    static string Translate(string pattern, bool slash)
    {
        var regex = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '*' && slash && i + 1 < pattern.Length && pattern[i + 1] == '*')
            {
                i++;
                if (i + 1 < pattern.Length && pattern[i + 1] == '/')
                {
                    i++;
                    regex.Append("(.*/)?");
                }
                else
                    regex.Append(".*");
            }
            else if (c == '*')
                regex.Append("[^/]*");
            else if (c == '?')
                regex.Append("[^/]");
            else if (c == '[' && pattern.IndexOf(']', i + 1) is var end and > 0)
            {
                string set = pattern[(i + 1)..end].Replace("\\", "\\\\", StringComparison.Ordinal);
                regex.Append('[').Append(set).Append(']');
                i = end;
            }
            else if (c == '\\' && i + 1 < pattern.Length)
                regex.Append(Regex.Escape(pattern[++i].ToString()));
            else
                regex.Append(Regex.Escape(c.ToString()));
        }
        return regex.ToString();
    }
}
