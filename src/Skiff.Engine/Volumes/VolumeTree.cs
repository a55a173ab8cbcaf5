// How much a volume holds.
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Volumes;

internal static class VolumeTree
{
    /// <summary>A directory on the way holds a descriptor.</summary>
    const int MaxDepth = 400;

    /// <summary>Bytes of the files in a directory; one with several names counts once. What vanishes meanwhile does not count.</summary>
    internal static long Bytes(string path, CancellationToken cancellation)
    {
        using var root = SafePath.OpenRoot(path);
        var seen = new HashSet<(ulong, ulong)>();
        return Sum(root, 0);

        long Sum(Fd directory, int depth)
        {
            long sum = 0;
            foreach (var (name, _) in DirectoryReader.ReadAll(directory))
            {
                cancellation.ThrowIfCancellationRequested();
                if (FileAt.TryStatus(directory, name, out var status) != Errno.None)
                    continue;
                if (status.Kind == FileKind.Regular && (status.Links == 1 || seen.Add((status.Device, status.Inode))))
                    sum += status.Size;
                if (
                    status.Kind == FileKind.Directory
                    && depth < MaxDepth
                    && FileAt.TryOpenDirectory(directory, name, out var below) == Errno.None
                )
                    using (below)
                        sum += Sum(below!, depth + 1);
            }
            return sum;
        }
    }
}
