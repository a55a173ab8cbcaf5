// Files that COPY and ADD name: found below a root that they cannot leave, and told by what is in them.
using System.Security.Cryptography;
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

/// <param name="Root">of the context, a stage or an image. Links on the way to a file stay below it.</param>
internal sealed class ContextFiles(Fd root, CancellationToken cancellation)
{
    const int MaxFiles = 2_000_000;

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

    /// <summary>A digest of content, kind, mode and, where they count, owners; not of times.</summary>
    /// <param name="owners">of files that are not the client's</param>
    /// <param name="skips">as TreeCopyOptions.Skips</param>
    /// <param name="files">gets the digest of each file by its path</param>
    internal string Digest(SourceFile source, bool owners, Func<string, bool, bool>? skips, Dictionary<string, string> files)
    {
        var text = new StringBuilder();
        Add(source.Parent, source.Name, source.Path, "", source.Status);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));

        void Add(Fd directory, byte[] name, string path, string inside, FileStatus status)
        {
            cancellation.ThrowIfCancellationRequested();
            if (files.Count > MaxFiles)
                throw EngineException.Invalid($"more than {MaxFiles} files to copy");
            string content = status.Kind switch
            {
                FileKind.Regular => ContentOf(directory, name),
                FileKind.Symlink => Convert.ToHexStringLower(FileAt.ReadLink(directory, name)),
                FileKind.CharacterDevice or FileKind.BlockDevice => $"{status.Major}:{status.Minor}",
                _ => "",
            };
            string line =
                $"{inside.Length}:{inside} {(uint)status.Kind} {status.Mode} {content} {(owners ? $"{status.Uid}:{status.Gid}" : "")}\n";
            text.Append(line);
            if (status.Kind != FileKind.Directory)
            {
                files[path] = line;
                return;
            }
            if (FileAt.TryOpenDirectory(directory, name, out var opened) != Errno.None)
                return;
            using (opened)
            {
                var entries = DirectoryReader.ReadAll(opened!);
                entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
                foreach (var entry in entries)
                {
                    string next = (inside.Length > 0 ? inside + "/" : "") + Encoding.UTF8.GetString(entry.Name);
                    if (
                        FileAt.TryStatus(opened!, entry.Name, out var below) == Errno.None
                        && skips?.Invoke(next, below.Kind == FileKind.Directory) != true
                    )
                        Add(
                            opened!,
                            entry.Name,
                            path.Length > 0 ? $"{path}/{Encoding.UTF8.GetString(entry.Name)}" : next,
                            next,
                            below
                        );
                }
            }
        }
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

    static string ContentOf(Fd directory, byte[] name)
    {
        if (FileAt.TryOpenRead(directory, name, out var file) is var errno and not Errno.None)
            throw new ErrnoException("open", Encoding.UTF8.GetString(name), errno);
        using (file)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] block = System.Buffers.ArrayPool<byte>.Shared.Rent(128 << 10);
            try
            {
                int read;
                while ((read = FdIo.TryRead(file!, block, out var error)) > 0)
                    hash.AppendData(block, 0, read);
            }
            finally
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(block);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}
