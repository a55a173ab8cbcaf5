// Digests of files that builds have read before, so that a file which did not change is not read again.
using Skiff.Linux.Files;

namespace Skiff.Engine.Build;

/// <summary>
/// By device and inode, as long as size, modification and change time stay: nobody can set a change time. In memory, and
/// bounded: with too many files all are forgotten.
/// </summary>
internal sealed class ContentDigests(TimeProvider clock)
{
    const int MaxFiles = 200_000;

    /// <summary>A file this young may change again within the same tick of its file system's clock.</summary>
    const int YoungSeconds = 2;

    readonly Lock gate = new();
    readonly Dictionary<(ulong Device, ulong Inode), Known> files = [];

    readonly record struct Known(long Size, FileTime Modification, FileTime Change, byte[] Digest);

    /// <summary>SHA-256, or null.</summary>
    internal byte[]? Find(in FileStatus status)
    {
        lock (gate)
            return
                files.TryGetValue((status.Device, status.Inode), out var known)
                && known.Size == status.Size
                && known.Modification == status.Modification
                && known.Change == status.Change
                ? known.Digest
                : null;
    }

    /// <param name="status">from before the file was read</param>
    internal void Remember(in FileStatus status, byte[] digest)
    {
        if (clock.GetUtcNow().ToUnixTimeSeconds() - status.Change.Seconds < YoungSeconds)
            return;
        lock (gate)
        {
            if (files.Count >= MaxFiles)
                files.Clear();
            files[(status.Device, status.Inode)] = new Known(status.Size, status.Modification, status.Change, digest);
        }
    }
}
