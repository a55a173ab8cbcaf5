// Writable layers of containers over the unpacked layers of images. Never mounts: it says what to mount.
using Skiff.Engine.Storage;
using Skiff.Oci.Names;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Images;

/// <summary>A container's root: the overlay to mount at "/" and its parts. Directories are absolute, Lowers topmost first.</summary>
public sealed record Snapshot(string Key, IReadOnlyList<string> Lowers, string Upper, string Work)
{
    /// <summary>The first mount of a bundle: an overlay with the destination "/".</summary>
    public SpecMount Mount =>
        new()
        {
            Destination = "/",
            Type = "overlay",
            Source = "overlay",
            // One lowerdir+ an entry: fsconfig(2) has no page-size limit on the whole, and paths may hold any character.
            Options = [.. Lowers.Select(l => $"lowerdir+={l}"), $"upperdir={Upper}", $"workdir={Work}"],
        };
}

public sealed class Snapshotter(StateLayout layout, Database database)
{
    readonly StateLayout layout = layout;
    readonly Database database = database;

    /// <summary>Whether a layer is unpacked, with all below it.</summary>
    public bool Contains(Digest chainId) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Bytes of the files of one unpacked layer.</summary>
    public long Size(Digest chainId) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Begins unpacking a layer over the chain <paramref name="parent"/> (null: it is the lowest).</summary>
    public LayerUnpack BeginUnpack(Digest chainId, Digest? parent) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Makes the writable layer of a container over an image. Journaled under <paramref name="key"/>.</summary>
    public Snapshot Prepare(string key, Image image) => throw new NotSupportedException("filled in by this slice");

    /// <summary>The snapshot made by Prepare.</summary>
    public Snapshot? Find(string key) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Removes a writable layer: renamed away at once, emptied in the background. Idempotent.</summary>
    public void Remove(string key) => throw new NotSupportedException("filled in by this slice");
}
