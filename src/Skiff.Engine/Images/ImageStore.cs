// The records of images and the names that point at them: in memory for reading, in the database for keeping.
using Skiff.Engine.Storage;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>Holds complete images only: content committed, every layer unpacked.</summary>
public sealed class ImageStore(Database database, ContentStore content, Snapshotter snapshots)
{
    readonly Database database = database;
    readonly ContentStore content = content;
    readonly Snapshotter snapshots = snapshots;

    /// <summary>
    /// Adds an image and points names at it, in one durable step; a name moves here from an image that had it. An image
    /// that is here already keeps its other names. Tags and RepoDigests of <paramref name="image"/> itself are ignored.
    /// Call it while the lease on its content is still open. Returns the image with all its names.
    /// </summary>
    public Image Add(Image image, IReadOnlyList<Reference> references) =>
        throw new NotSupportedException("filled in by this slice");

    public Image? Get(Digest id) => throw new NotSupportedException("filled in by this slice");

    /// <summary>The image that a name points at, tag or digest; null if there is none.</summary>
    public Image? Get(Reference reference) => throw new NotSupportedException("filled in by this slice");

    public IReadOnlyList<Image> List() => throw new NotSupportedException("filled in by this slice");
}
