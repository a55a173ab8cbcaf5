// Places that were made in a container's layer only so that something could be mounted there.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Images;

static class MountPlaces
{
    /// <summary>
    /// Removes what is empty of the paths from an upper directory that nothing uses any more, with directories that hold
    /// nothing else. Times of what stays are as before.
    /// </summary>
    /// <param name="paths">"etc/hosts"</param>
    internal static void Remove(string upper, IEnumerable<string> paths)
    {
        using var root = SafePath.OpenRoot(upper);
        // Those inside before those around.
        foreach (string path in paths.OrderByDescending(p => p.Length))
            Remove(root, path, mayHoldMore: false);
    }

    static void Remove(Fd root, string path, bool mayHoldMore)
    {
        int slash = path.LastIndexOf('/');
        string above = slash < 0 ? "" : path[..slash];
        byte[] name = Encoding.UTF8.GetBytes(path[(slash + 1)..]);
        if (
            SafePath.TryOpenDirectory(
                root,
                Encoding.UTF8.GetBytes(above.Length > 0 ? above : "."),
                Containment.NoSymlinks,
                out var parent
            ) != Errno.None
        )
            return;
        using (parent)
        {
            if (FileAt.TryStatus(parent!, name, out var status) != Errno.None)
                return;
            bool isDirectory = status.Kind == FileKind.Directory;
            if (!isDirectory && (mayHoldMore || status.Kind != FileKind.Regular || status.Size > 0))
                return;
            if (isDirectory && mayHoldMore && IsOpaque(parent!, name))
                return;
            var before = FileAt.Status(parent!);
            if (FileAt.TryRemove(parent!, name, isDirectory) != Errno.None)
                return; // there is something in it
            FileAt.SetTimes(parent!, before.Access, before.Modification);
        }
        if (above.Length > 0)
            Remove(root, above, mayHoldMore: true);
    }

    /// <summary>Such a directory says something even when it is empty.</summary>
    static bool IsOpaque(Fd parent, byte[] name)
    {
        if (FileAt.TryOpenDirectory(parent, name, out var directory) != Errno.None)
            return false;
        using (directory)
            return Xattr.Get(directory!, "trusted.overlay.opaque"u8) is [(byte)'y'];
    }
}
