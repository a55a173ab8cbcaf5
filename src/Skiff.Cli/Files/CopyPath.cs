// The arithmetic of cp's paths: what ends in a slash or a dot, and what a source is called at its destination.
namespace Skiff.Cli.Files;

/// <summary>One side of a copy.</summary>
/// <param name="Path">a final "/" or "/." is kept: it means what is in the directory, or that it must be one</param>
/// <param name="RebaseName">what the source is to be called instead of its last name; null: that</param>
internal readonly record struct CopyPath(string Path, bool Exists, bool IsDirectory, string? RebaseName = null)
{
    /// <summary>Docker's table: where to unpack, and the name of the source there; the source's own where that is null.</summary>
    /// <exception cref="CliException">a directory onto a file, or a file into a directory that is not there</exception>
    public static (string Directory, string? NewName) Plan(CopyPath source, CopyPath destination)
    {
        var (directory, name) = Split(destination.Path);
        if (destination is { Exists: true, IsDirectory: true })
            return (destination.Path, null);
        if (destination.Exists && source.IsDirectory)
            throw new CliException("cannot copy directory");
        if (!destination.Exists && !source.IsDirectory && AssertsDirectory(destination.Path))
            throw new CliException("no such directory");
        return (directory, name);
    }

    /// <summary>The directory and the last name; the name of a path that ends in "/." is ".".</summary>
    public static (string Directory, string Name) Split(string path)
    {
        string clean = Clean(path);
        if (EndsInDot(path))
            return (clean, ".");
        int slash = clean.LastIndexOf('/');
        return slash < 0 ? (".", clean)
            : slash == 0 ? ("/", clean.Length == 1 ? "/" : clean[1..])
            : (clean[..slash], clean[(slash + 1)..]);
    }

    public static bool EndsInDot(string path) => path == "." || path.EndsWith("/.", StringComparison.Ordinal);

    public static bool AssertsDirectory(string path) => path.EndsWith('/') || EndsInDot(path);

    /// <summary>A path of this machine, absolute, with what stood at its end.</summary>
    public static string Local(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        if (EndsInDot(path) && full != "/")
            return full.TrimEnd('/') + "/.";
        return path.EndsWith('/') && !full.EndsWith('/') ? full + "/" : full;
    }

    /// <summary>As Go's path.Clean.</summary>
    public static string Clean(string path)
    {
        bool rooted = path.StartsWith('/');
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".")
                continue;
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0 && parts[^1] != "..")
                parts.RemoveAt(parts.Count - 1);
            else if (!rooted)
                parts.Add(part);
        }
        string joined = string.Join('/', parts);
        return rooted ? "/" + joined
            : joined.Length == 0 ? "."
            : joined;
    }
}
