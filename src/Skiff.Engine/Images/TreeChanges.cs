// What an overlay's upper directory changes in the layers below it.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Images;

/// <summary>The numbers of the Engine API.</summary>
public enum FileChangeKind
{
    Modified = 0,
    Added = 1,
    Deleted = 2,
}

/// <param name="Path">from "/"</param>
public readonly record struct FileChange(FileChangeKind Kind, string Path);

internal sealed class TreeChanges(IReadOnlySet<string> leftOut, CancellationToken cancellation)
{
    readonly List<FileChange> changes = [];

    /// <summary>In order of the paths' bytes, those above before those below.</summary>
    /// <param name="lower">the layers below, stacked</param>
    /// <param name="leftOut">paths ("etc/hosts") that count as unchanged while they are empty and new</param>
    internal static IReadOnlyList<FileChange> Find(
        Fd upper,
        Fd lower,
        IReadOnlySet<string> leftOut,
        CancellationToken cancellation
    )
    {
        var walk = new TreeChanges(leftOut, cancellation);
        walk.Compare(upper, lower, "");
        return walk.changes;
    }

    /// <summary>True if something was left out.</summary>
    bool Compare(Fd upper, Fd? lower, string path)
    {
        bool anyLeftOut = false;
        var entries = DirectoryReader.ReadAll(upper);
        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (var (name, _) in entries)
        {
            cancellation.ThrowIfCancellationRequested();
            string at = $"{path}/{Encoding.UTF8.GetString(name)}";
            if (FileAt.TryStatus(upper, name, out var status) != Errno.None)
                continue; // gone meanwhile
            FileStatus below = default;
            bool isBelow = lower is not null && FileAt.TryStatus(lower, name, out below) == Errno.None;
            if (status.IsWhiteout)
            {
                if (isBelow)
                    changes.Add(new FileChange(FileChangeKind.Deleted, at));
            }
            else if (status.Kind == FileKind.Directory)
                anyLeftOut |= CompareDirectory(upper, lower, name, at, status, isBelow ? below : null);
            else if (!isBelow && leftOut.Contains(at[1..]) && status.Size == 0)
                anyLeftOut = true;
            else
                changes.Add(new FileChange(isBelow ? FileChangeKind.Modified : FileChangeKind.Added, at));
        }
        return anyLeftOut;
    }

    bool CompareDirectory(Fd upper, Fd? lower, byte[] name, string at, FileStatus status, FileStatus? below)
    {
        if (FileAt.TryOpenDirectory(upper, name, out var opened) != Errno.None)
            return false;
        using var directory = opened!;
        Fd? same = null;
        if (below is { Kind: FileKind.Directory })
            _ = FileAt.TryOpenDirectory(lower!, name, out same);
        using (same)
        {
            // Its own line comes first, if there is one.
            int place = changes.Count;
            bool opaque = same is not null && Xattr.Get(directory, "trusted.overlay.opaque"u8) is [(byte)'y'];
            bool leftOutHere = Compare(directory, same, at);
            if (opaque)
                AddDeleted(directory, same!, at, place);
            bool isPlace = below is null && leftOut.Contains(at[1..]);
            bool changedInside = changes.Count > place;
            if (!changedInside && (isPlace || leftOutHere))
                return true;
            bool unchanged =
                below is { } b
                && b.Kind == FileKind.Directory
                && (b.Mode, b.Uid, b.Gid, b.Modification) == (status.Mode, status.Uid, status.Gid, status.Modification);
            if (!unchanged || changedInside)
                changes.Insert(place, new FileChange(below is null ? FileChangeKind.Added : FileChangeKind.Modified, at));
            return false;
        }
    }

    /// <summary>An opaque directory hides all below: what it does not have itself is gone.</summary>
    void AddDeleted(Fd directory, Fd below, string at, int place)
    {
        foreach (var (name, _) in DirectoryReader.ReadAll(below))
            if (FileAt.TryStatus(directory, name, out _) == Errno.ENOENT)
                changes.Add(new FileChange(FileChangeKind.Deleted, $"{at}/{Encoding.UTF8.GetString(name)}"));
        changes.Sort(place, changes.Count - place, Comparer<FileChange>.Create((a, b) => string.CompareOrdinal(a.Path, b.Path)));
    }
}

internal static class TreeSize
{
    /// <summary>Bytes of the files below, each counted once.</summary>
    internal static long Of(Fd root) => Add(root, []);

    static long Add(Fd directory, HashSet<ulong> links)
    {
        long bytes = 0;
        foreach (var (name, kind) in DirectoryReader.ReadAll(directory))
        {
            if (kind is FileKind.Directory)
            {
                if (FileAt.TryOpenDirectory(directory, name, out var opened) == Errno.None)
                    using (opened)
                        bytes += Add(opened!, links);
            }
            else if (
                FileAt.TryStatus(directory, name, out var status) == Errno.None
                && status.Kind == FileKind.Regular
                && (status.Links < 2 || links.Add(status.Inode))
            )
                bytes += status.Size;
        }
        return bytes;
    }
}
