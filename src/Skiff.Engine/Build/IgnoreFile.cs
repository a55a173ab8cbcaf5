// .dockerignore: what of a context is not there for a build.
using System.Text.RegularExpressions;

namespace Skiff.Engine.Build;

/// <summary>Docs: Build context, .dockerignore files. The last pattern that names a path, or what it is in, decides.</summary>
internal sealed class IgnoreFile
{
    const int MaxBytes = 1 << 20;

    readonly List<(Regex Pattern, bool Exception)> rules = [];
    readonly bool hasExceptions;

    internal IgnoreFile(string text)
    {
        foreach (string line in text.TrimStart('\uFEFF').Split('\n'))
        {
            string pattern = line.Trim();
            if (pattern.Length == 0 || pattern[0] == '#')
                continue;
            bool exception = pattern[0] == '!';
            if (exception)
                pattern = pattern[1..].Trim();
            pattern = ContextFiles.Clean(pattern);
            if (pattern.Length == 0)
                continue;
            rules.Add((IgnorePattern.Whole(pattern), exception));
            hasExceptions |= exception;
        }
    }

    /// <summary>The file's own before the context's; null: none, or nothing in it.</summary>
    internal static IgnoreFile? Of(BuildContext context, string dockerfile)
    {
        string? text = context.ReadText(dockerfile + ".dockerignore", MaxBytes) ?? context.ReadText(".dockerignore", MaxBytes);
        var file = text is null ? null : new IgnoreFile(text);
        return file is { rules.Count: > 0 } ? file : null;
    }

    /// <param name="path">below the context</param>
    internal bool Ignores(string path)
    {
        bool ignored = false;
        foreach (var (pattern, exception) in rules)
            if (ignored == exception && pattern.IsMatch(path))
                ignored = !exception;
        return ignored;
    }

    /// <summary>Whether nothing below an ignored directory can be there after all.</summary>
    internal bool IgnoresAllBelow(string directory) => !hasExceptions && Ignores(directory);
}
