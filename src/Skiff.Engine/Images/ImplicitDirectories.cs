// Directories that a layer needs but does not describe look like those of the layers below.
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Images;

static class ImplicitDirectories
{
    /// <summary>
    /// Copies owner, mode, times and attributes. A directory that no layer below has keeps what it was made with.
    /// </summary>
    /// <param name="paths">relative to the layer's root, outermost first; the root is an empty path</param>
    /// <param name="lowers">roots of the layers below, topmost first</param>
    public static void CopyFromBelow(string layer, List<byte[]> paths, IReadOnlyList<string> lowers)
    {
        if (paths.Count == 0 || lowers.Count == 0)
            return;
        var below = new List<Fd>();
        try
        {
            using var root = SafePath.OpenRoot(layer);
            foreach (string lower in lowers)
                below.Add(SafePath.OpenRoot(lower));
            // Innermost first: changing what is inside would touch the times of what is around.
            foreach (byte[] path in Enumerable.Reverse(paths))
            {
                if (SafePath.TryOpenDirectory(root, path, Containment.NoSymlinks, out var opened) != Errno.None)
                    continue;
                using var target = opened!;
                if (FindBelow(below, path) is { } found)
                    using (found)
                        Copy(found, target);
            }
        }
        finally
        {
            below.ForEach(fd => fd.Dispose());
        }
    }

    // The topmost layer that has the name decides: with another kind of file or a whiteout, nothing is below.
    static Fd? FindBelow(List<Fd> below, byte[] path)
    {
        foreach (var lower in below)
        {
            Errno errno = SafePath.TryOpenDirectory(lower, path, Containment.NoSymlinks, out var found);
            if (errno == Errno.None)
                return found;
            if (errno != Errno.ENOENT)
                return null;
        }
        return null;
    }

    static void Copy(Fd from, Fd to)
    {
        var status = FileAt.Status(from);
        FileAt.SetOwner(to, status.Uid, status.Gid);
        FileAt.SetMode(to, status.Mode);
        foreach (byte[] name in Xattr.List(from))
        {
            if (name.AsSpan().StartsWith("trusted.overlay."u8) || name.AsSpan().StartsWith("user.overlay."u8))
                continue;
            if (Xattr.Get(from, name) is not { } value)
                continue;
            Errno errno = Xattr.TrySet(to, name, value);
            if (errno is not (Errno.None or Errno.EOPNOTSUPP))
                throw new ErrnoException("fsetxattr", null, errno);
        }
        FileAt.SetTimes(to, status.Access, status.Modification);
    }
}
