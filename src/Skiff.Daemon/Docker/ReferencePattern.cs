// The "reference" filter of images: a glob over familiar names.
using Skiff.Oci.Names;

namespace Skiff.Daemon.Docker;

internal static class ReferencePattern
{
    /// <summary>"busybox", "busybox:1*", "*/app": stars do not match a slash. A pattern without a tag matches any.</summary>
    internal static bool Matches(string pattern, string tag)
    {
        if (!Reference.TryParse(tag, out var reference))
            return false;
        return Glob(pattern, reference.Familiar)
            || Glob(pattern, reference.FamiliarRepository)
            || (Reference.TryParse(pattern, out var exact) && exact.WithDefaultTag().ToString() == tag);
    }

    static bool Glob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        while (true)
        {
            if (pattern.IsEmpty)
                return text.IsEmpty;
            if (pattern[0] == '*')
            {
                for (int take = 0; ; take++)
                {
                    if (Glob(pattern[1..], text[take..]))
                        return true;
                    if (take == text.Length || text[take] == '/')
                        return false;
                }
            }
            if (text.IsEmpty || (pattern[0] != '?' && pattern[0] != text[0]) || (pattern[0] == '?' && text[0] == '/'))
                return false;
            pattern = pattern[1..];
            text = text[1..];
        }
    }
}
