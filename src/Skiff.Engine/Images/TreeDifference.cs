// Whether two directory trees are the same, file by file.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Images;

/// <summary>Compares names, kinds, owners, modes, times, attributes, devices, targets, links and contents; of directories no times.</summary>
internal sealed class TreeDifference(CancellationToken cancellation)
{
    readonly byte[] left = new byte[128 << 10];
    readonly byte[] right = new byte[128 << 10];

    /// <summary>The first difference in words ("usr/bin/x: contents"), or null.</summary>
    internal static string? Find(Fd tree, Fd expected, CancellationToken cancellation) =>
        new TreeDifference(cancellation).Directory(tree, expected, "");

    string? Directory(Fd tree, Fd expected, string path)
    {
        var (have, want) = (Sorted(tree), Sorted(expected));
        for (int i = 0; i < Math.Max(have.Count, want.Count); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int order =
                i >= have.Count ? 1
                : i >= want.Count ? -1
                : have[i].AsSpan().SequenceCompareTo(want[i]);
            if (order != 0)
                return order > 0 ? $"{Name(path, want[i])}: missing" : $"{Name(path, have[i])}: not of the layer";
            if (Entry(tree, expected, have[i], Name(path, have[i])) is { } difference)
                return difference;
        }
        return Xattrs(tree, expected) ? null : $"{path}: extended attributes";
    }

    string? Entry(Fd tree, Fd expected, byte[] name, string path)
    {
        Check(FileAt.TryStatus(tree, name, out var a), path);
        Check(FileAt.TryStatus(expected, name, out var b), path);
        if (a.Kind != b.Kind)
            return $"{path}: kind";
        if ((a.Uid, a.Gid, a.Mode) != (b.Uid, b.Gid, b.Mode))
            return $"{path}: owner or mode";
        if ((a.Major, a.Minor) != (b.Major, b.Minor))
            return $"{path}: device";
        if (a.Kind == FileKind.Directory)
        {
            Check(FileAt.TryOpenDirectory(tree, name, out var x), path);
            using var one = x!;
            Check(FileAt.TryOpenDirectory(expected, name, out var y), path);
            using var other = y!;
            return Directory(one, other, path);
        }
        // A whiteout has the time at which it was made.
        if (!a.IsWhiteout && a.Modification != b.Modification)
            return $"{path}: time";
        if (a.Kind == FileKind.Symlink)
            return FileAt.ReadLink(tree, name).AsSpan().SequenceEqual(FileAt.ReadLink(expected, name)) ? null : $"{path}: target";
        if (a.Kind != FileKind.Regular)
            return null;
        if ((a.Size, a.Links) != (b.Size, b.Links))
            return $"{path}: size or links";
        return File(tree, expected, name, path);
    }

    string? File(Fd tree, Fd expected, byte[] name, string path)
    {
        Check(FileAt.TryOpenRead(tree, name, out var x), path);
        using var one = x!;
        Check(FileAt.TryOpenRead(expected, name, out var y), path);
        using var other = y!;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Fill(one, left);
            if (Fill(other, right) != count || !left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count)))
                return $"{path}: contents";
            if (count < left.Length)
                return Xattrs(one, other) ? null : $"{path}: extended attributes";
        }
    }

    static int Fill(Fd file, byte[] buffer)
    {
        int filled = 0;
        while (filled < buffer.Length)
        {
            int count = FdIo.TryRead(file, buffer.AsSpan(filled), out var error);
            if (count == -1)
                throw new ErrnoException("read", null, error);
            if (count == 0)
                break;
            filled += count;
        }
        return filled;
    }

    static bool Xattrs(Fd a, Fd b)
    {
        var (have, want) = (List(a), List(b));
        return have.Count == want.Count
            && have.Zip(want).All(p => p.First.AsSpan().SequenceEqual(p.Second))
            && have.All(n => Xattr.Get(a, n).AsSpan().SequenceEqual(Xattr.Get(b, n)));
    }

    // overlayfs writes marks of its own into layers that are mounted.
    static List<byte[]> List(Fd file)
    {
        var names = Xattr.List(file);
        names.RemoveAll(n =>
            n.AsSpan().StartsWith("trusted.overlay."u8) && !n.AsSpan().SequenceEqual("trusted.overlay.opaque"u8)
        );
        names.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        return names;
    }

    static List<byte[]> Sorted(Fd directory)
    {
        var names = DirectoryReader.ReadAll(directory).ConvertAll(e => e.Name);
        names.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        return names;
    }

    static string Name(string path, byte[] name) =>
        path.Length == 0 ? Encoding.UTF8.GetString(name) : $"{path}/{Encoding.UTF8.GetString(name)}";

    static void Check(Errno errno, string path)
    {
        if (errno != Errno.None)
            throw new ErrnoException("open", path, errno);
    }
}
