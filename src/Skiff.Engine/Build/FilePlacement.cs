// Puts files below the root of a step's file system, where COPY, ADD and WORKDIR say.
using System.Text;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

/// <summary>
/// The root may hold anything: links lead no further than to it. What is not copied itself looks as before: directories
/// that are only passed keep their times, new ones get <paramref name="time"/>, so that the same files make the same layer.
/// </summary>
/// <param name="owner">of all that is new; null: files keep theirs, directories on the way are root's</param>
/// <param name="mode">of all that is copied; null: as it was</param>
internal sealed class FilePlacement(
    Fd root,
    (uint Uid, uint Gid)? owner,
    Func<FileStatus, uint>? mode,
    FileTime time,
    CancellationToken cancellation
)
{
    const uint DirectoryMode = 0x1ed; // 0755

    /// <summary>Whether a path leads to a directory.</summary>
    internal bool IsDirectory(string path)
    {
        if (SafePath.TryOpenDirectory(root, Encode(path), Containment.InRoot, out var found) != Errno.None)
            return false;
        found!.Dispose();
        return true;
    }

    /// <summary>Opens a directory, made with those that it is in where they are missing.</summary>
    /// <exception cref="EngineException">InvalidParameter: something else has the name</exception>
    internal Fd Directory(string path)
    {
        // The root of a detached mount is only a path; times want an open directory.
        Check(SafePath.TryOpenDirectory(root, "."u8, Containment.InRoot, out var current), "/");
        string walked = "";
        try
        {
            foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                walked = walked.Length > 0 ? $"{walked}/{part}" : part;
                var errno = SafePath.TryOpenDirectory(root, Encode(walked), Containment.InRoot, out var next);
                if (errno == Errno.ENOENT)
                {
                    var before = FileAt.Status(current!);
                    Check(FileAt.TryMakeDirectory(current!, Encode(part), DirectoryMode), walked);
                    Check(FileAt.TryOpenDirectory(current!, Encode(part), out next), walked);
                    if (owner is var (uid, gid))
                        FileAt.SetOwner(next!, uid, gid);
                    FileAt.SetMode(next!, mode?.Invoke(FileAt.Status(next!)) ?? DirectoryMode);
                    FileAt.SetTimes(next!, time, time);
                    FileAt.SetTimes(current!, before.Access, before.Modification);
                }
                else if (errno != Errno.None)
                    throw EngineException.Invalid($"cannot copy to \"/{path}\": \"/{walked}\" is no directory");
                current!.Dispose();
                current = next;
            }
            return current!;
        }
        catch
        {
            current!.Dispose();
            throw;
        }
    }

    /// <summary>What is in a directory goes into another.</summary>
    /// <param name="isNew">the other gets mode and times of the first, too</param>
    internal void CopyContents(SourceFile source, string target, bool isNew, Func<string, bool, bool>? skips)
    {
        using var directory = Directory(target);
        var before = FileAt.Status(directory);
        Check(FileAt.TryOpenDirectory(source.Parent, source.Name, out var from), source.Path);
        using (from)
            TreeCopy.Copy(from!, directory, itself: false, Options(skips), cancellation);
        if (isNew)
        {
            FileAt.SetMode(directory, mode?.Invoke(source.Status) ?? source.Status.Mode);
            FileAt.SetTimes(directory, source.Status.Access, source.Status.Modification);
        }
        else
            FileAt.SetTimes(directory, before.Access, before.Modification);
    }

    /// <summary>One file, to a name in a directory. A link that has the name is followed.</summary>
    internal void CopyFile(SourceFile source, string directory, string name)
    {
        (directory, name) = Followed(directory, name);
        using var to = Directory(directory);
        var before = FileAt.Status(to);
        try
        {
            TreeCopy.CopyEntry(source.Parent, source.Name, to, Encode(name), Options(null), cancellation);
        }
        catch (ErrnoException e) when (e.Errno is Errno.EISDIR or Errno.ENOTEMPTY)
        {
            throw EngineException.Invalid($"cannot copy to non-directory: \"/{directory}/{name}\" is a directory");
        }
        FileAt.SetTimes(to, before.Access, before.Modification);
    }

    /// <summary>A file of these bytes.</summary>
    internal void Write(string directory, string name, ReadOnlySpan<byte> content)
    {
        (directory, name) = Followed(directory, name);
        using var to = Directory(directory);
        var before = FileAt.Status(to);
        byte[] encoded = Encode(name);
        var gone = FileAt.TryRemove(to, encoded, isDirectory: false);
        if (gone != Errno.ENOENT)
            Check(gone, name);
        Check(
            FileAt.TryCreateFile(
                to,
                encoded,
                0x180 /* 0600 */
                ,
                out var file
            ),
            name
        );
        using (file)
        {
            SafePath.WriteAll(file!, content);
            if (owner is var (uid, gid))
                FileAt.SetOwner(file!, uid, gid);
            FileAt.SetMode(
                file!,
                0x1a4 /* 0644 */
            );
            if (mode is not null)
                FileAt.SetMode(file!, mode(FileAt.Status(file!)));
            FileAt.SetTimes(file!, time, time);
        }
        FileAt.SetTimes(to, before.Access, before.Modification);
    }

    /// <summary>The real path of a directory, below the root, without a slash in front.</summary>
    internal byte[] RealPath(string path)
    {
        using var directory = Directory(path);
        return Encode(Inside(directory));
    }

    (string Directory, string Name) Followed(string directory, string name)
    {
        string path = directory.Length > 0 ? $"{directory}/{name}" : name;
        if (SafePath.TryHold(root, Encode(path), Containment.InRoot, out var held) != Errno.None)
            return (directory, name);
        using (held)
        {
            string real = Inside(held!);
            int slash = real.LastIndexOf('/');
            return slash < 0 ? ("", real) : (real[..slash], real[(slash + 1)..]);
        }
    }

    string Inside(Fd file)
    {
        string above = root.RealPath().TrimEnd('/');
        return file.RealPath()[above.Length..].TrimStart('/');
    }

    TreeCopyOptions Options(Func<string, bool, bool>? skips) =>
        new()
        {
            Owner = owner,
            Mode = mode,
            Skips = skips,
        };

    static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text.Length > 0 ? text : ".");

    static void Check(Errno errno, string path)
    {
        if (errno != Errno.None)
            throw new ErrnoException("copy", path, errno);
    }
}
