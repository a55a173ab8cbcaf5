// What blobs and unpacked layers take on the disk: blocks, as du(1) counts them.
using System.Collections.Concurrent;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>A part of an image: a blob by its digest, or an unpacked layer by its chain id.</summary>
public readonly record struct ImagePart(bool IsBlob, Digest Id);

/// <summary>Layers do not change: each is walked once.</summary>
public sealed class DiskRoom
{
    readonly ContentStore content;
    readonly Snapshotter snapshots;
    readonly ConcurrentDictionary<Digest, long> layers = new();

    internal DiskRoom(ContentStore content, Snapshotter snapshots)
    {
        this.content = content;
        this.snapshots = snapshots;
    }

    /// <summary>All blobs and all layers, whether or not an image needs them, with the blobs that are half here.</summary>
    public long Total() => Walk(content.Layout.Content) + content.PartialBytes() + snapshots.AllLayers().Sum(Layer);

    /// <summary>The parts of one image with their bytes.</summary>
    public IReadOnlyDictionary<ImagePart, long> Of(Image image)
    {
        var parts = new Dictionary<ImagePart, long>();
        foreach (var chainId in ChainId.Compute(image.Config.RootFs.DiffIds))
            parts[new ImagePart(false, chainId)] = Layer(chainId);
        foreach (var digest in image.Layers.Select(l => l.Digest).Append(image.Id).Append(image.Manifest.Digest))
            parts[new ImagePart(true, digest)] = Blob(digest);
        return parts;
    }

    long Blob(Digest digest)
    {
        using var directory = SafePath.OpenRoot(Path.GetDirectoryName(content.PathOf(digest))!);
        return FileAt.TryStatus(directory, System.Text.Encoding.ASCII.GetBytes(digest.Hex), out var status) == Errno.None
            ? status.AllocatedBytes
            : 0;
    }

    long Layer(Digest chainId)
    {
        if (!snapshots.Contains(chainId))
        {
            layers.TryRemove(chainId, out _);
            return 0;
        }
        return layers.GetOrAdd(chainId, id => Walk(Path.Combine(snapshots.Directory, id.Hex)));
    }

    static long Walk(string path)
    {
        try
        {
            using var root = SafePath.OpenRoot(path);
            return FileAt.Status(root).AllocatedBytes + Walk(root, []);
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENOENT)
        {
            return 0;
        }
    }

    static long Walk(Fd directory, HashSet<ulong> links)
    {
        long bytes = 0;
        foreach (var (name, _) in DirectoryReader.ReadAll(directory))
        {
            if (FileAt.TryStatus(directory, name, out var status) != Errno.None)
                continue;
            if (status.Kind != FileKind.Directory && status.Links > 1 && !links.Add(status.Inode))
                continue;
            bytes += status.AllocatedBytes;
            if (status.Kind == FileKind.Directory && FileAt.TryOpenDirectory(directory, name, out var opened) == Errno.None)
                using (opened)
                    bytes += Walk(opened!, links);
        }
        return bytes;
    }
}
