// A directory tree as lines of text, everything that an archive can hold: two trees are the same if their lines are.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.SystemTests.Harness;

static class TreeListing
{
    /// <summary>A line a file, sorted by path; of directories no times, which unpacking order decides.</summary>
    public static List<string> Of(string root)
    {
        var lines = new List<string>();
        using var fd = SafePath.OpenRoot(root);
        Add(fd, "", lines, []);
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    static void Add(Fd directory, string path, List<string> lines, Dictionary<ulong, string> links)
    {
        var entries = DirectoryReader.ReadAll(directory);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var (name, _) in entries)
        {
            string at = $"{path}/{Encoding.Latin1.GetString(name)}";
            if (FileAt.TryStatus(directory, name, out var s) is var errno && errno != Errno.None)
                throw new ErrnoException("statx", at, errno);
            var line = new StringBuilder($"{at} {s.Kind} {Convert.ToString((int)s.Mode, 8)} {s.Uid}:{s.Gid}");
            if (s.Kind != FileKind.Directory)
                line.Append(CultureInfo.InvariantCulture, $" {s.Size} {s.Modification.Seconds}.{s.Modification.Nanoseconds:D9}");
            if (s.Kind is FileKind.CharacterDevice or FileKind.BlockDevice)
                line.Append(CultureInfo.InvariantCulture, $" {s.Major}:{s.Minor}");
            if (s.Kind == FileKind.Symlink)
                line.Append(" -> ").Append(Encoding.Latin1.GetString(FileAt.ReadLink(directory, name)));
            if (s.Kind != FileKind.Directory && s.Links > 1 && !links.TryAdd(s.Inode, at))
                line.Append(" = ").Append(links[s.Inode]);
            if (s.Kind is FileKind.Regular && FileAt.TryOpenRead(directory, name, out var file) == Errno.None)
                using (file)
                    line.Append(' ').Append(Contents(file!)).Append(Xattrs(file!));
            lines.Add(line.ToString());
            if (s.Kind == FileKind.Directory && FileAt.TryOpenDirectory(directory, name, out var below) == Errno.None)
                using (below)
                {
                    lines[^1] += Xattrs(below!);
                    Add(below!, at, lines, links);
                }
        }
    }

    static string Contents(Fd file)
    {
        using var stream = File.OpenRead($"/proc/self/fd/{file.Number}");
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    static string Xattrs(Fd file) =>
        string.Concat(
            Xattr
                .List(file)
                .Select(n => (Name: Encoding.Latin1.GetString(n), Value: Convert.ToHexString(Xattr.Get(file, n) ?? [])))
                .Where(x => !x.Name.StartsWith("trusted.overlay.", StringComparison.Ordinal))
                .OrderBy(x => x.Name, StringComparer.Ordinal)
                .Select(x => $" {x.Name}={x.Value}")
        );
}
