// Files that COPY and ADD name: found below a root that they cannot leave.
using System.Text;
using System.Text.RegularExpressions;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

/// <summary>One source of a COPY: an open directory and a name in it.</summary>
/// <param name="Path">below the root, without a slash in front; "" is the root itself</param>
internal sealed record SourceFile(Fd Parent, byte[] Name, string Path, FileStatus Status) : IDisposable
{
    internal bool IsDirectory => Status.Kind == FileKind.Directory;

    public void Dispose() => Parent.Dispose();
}

/// <param name="root">of the context, a stage or an image. Links on the way to a file stay below it.</param>
internal sealed class ContextFiles(Fd root)
{
    /// <summary>What a pattern names, in order of names.</summary>
    /// <exception cref="EngineException">InvalidParameter: nothing</exception>
    internal List<SourceFile> Find(string pattern)
    {
        string clean = Clean(pattern);
        var found = new List<SourceFile>();
        if (clean.AsSpan().IndexOfAny("*?[") >= 0)
            Match("", clean.Split('/'), 0, found);
        else if (Open(clean) is { } source)
            found.Add(source);
        return found;
    }

    /// <summary>"/a/../b/" is "b"; nothing leads above the root.</summary>
    internal static string Clean(string path) => Path.GetFullPath("/" + path).Trim('/');

    SourceFile? Open(string path)
    {
        int slash = path.LastIndexOf('/');
        string above = slash < 0 ? "." : path[..slash];
        byte[] name = Encoding.UTF8.GetBytes(path.Length == 0 ? "." : path[(slash + 1)..]);
        if (SafePath.TryOpenDirectory(root, Encoding.UTF8.GetBytes(above), Containment.InRoot, out var parent) != Errno.None)
            return null;
        if (FileAt.TryStatus(parent!, name, out var status) != Errno.None)
        {
            parent!.Dispose();
            return null;
        }
        if (status.Kind == FileKind.Symlink)
        {
            // The name itself is followed, as in BuildKit, and stays below the root.
            parent!.Dispose();
            return Followed(path);
        }
        return new SourceFile(parent!, name, path, status);
    }

    SourceFile? Followed(string path)
    {
        if (SafePath.TryHold(root, Encoding.UTF8.GetBytes(path), Containment.InRoot, out var held) != Errno.None)
            return null;
        using (held)
        {
            string above = root.RealPath().TrimEnd('/');
            string real = held!.RealPath();
            string inside = real.StartsWith(above + "/", StringComparison.Ordinal) ? real[(above.Length + 1)..] : "";
            return inside == path ? null
                : Open(inside) is { } target ? target with { Path = path }
                : null;
        }
    }

    void Match(string above, string[] parts, int index, List<SourceFile> found)
    {
        if (index == parts.Length)
        {
            if (Open(above) is { } source)
                found.Add(source);
            return;
        }
        if (
            SafePath.TryOpenDirectory(
                root,
                Encoding.UTF8.GetBytes(above.Length > 0 ? above : "."),
                Containment.InRoot,
                out var directory
            ) != Errno.None
        )
            return;
        using (directory)
        {
            var pattern = new Regex(
                IgnorePattern.Component(parts[index]),
                RegexOptions.NonBacktracking | RegexOptions.Singleline
            );
            foreach (
                string name in DirectoryReader
                    .ReadAll(directory!)
                    .Select(e => Encoding.UTF8.GetString(e.Name))
                    .Order(StringComparer.Ordinal)
            )
                if (pattern.IsMatch(name))
                    Match(above.Length > 0 ? $"{above}/{name}" : name, parts, index + 1, found);
        }
    }
}
