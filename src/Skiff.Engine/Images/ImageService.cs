// The verbs on images of this machine; those that talk to registries are in ImageService.Registry.cs.
using Skiff.Engine.Events;
using Skiff.Engine.Images.Registry;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>Pull, push, load, save, import, tag, remove and find images.</summary>
public sealed partial class ImageService
{
    readonly EngineOptions options;
    readonly EventBus events;

    /// <summary>Opens the store below the data root and repairs what a crash left. One per engine.</summary>
    public ImageService(EngineOptions options, StateLayout layout, Database database, EventBus events)
    {
        this.options = options;
        this.events = events;
        // Before the content store makes its own place there: this empties scratch.
        Snapshots = new Snapshotter(layout, database);
        Content = new ContentStore(layout);
        Store = new ImageStore(database, Content, Snapshots);
        hosts = new Hosts(options, new RegistryPolicy());
        puller = new Puller(hosts, Content, Snapshots, Store, new LayerTransfers(Content, Snapshots, options.MaxConcurrentDownloads));
        pusher = new Pusher(hosts, Content, Store, options.MaxConcurrentUploads);
    }

    /// <summary>The blobs.</summary>
    public ContentStore Content { get; }

    /// <summary>The unpacked layers, and the writable layers of containers.</summary>
    public Snapshotter Snapshots { get; }

    /// <summary>The records.</summary>
    public ImageStore Store { get; }

    /// <summary>Removes what a crash left half made. Run before anything else.</summary>
    public Task RepairAsync(CancellationToken cancellation) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Loads an archive as `docker save` writes it, or an OCI layout. Returns the names or ids loaded.</summary>
    public Task<IReadOnlyList<string>> LoadAsync(
        Stream archive,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Writes images as an OCI layout with Docker's manifest.json.</summary>
    public Task SaveAsync(IReadOnlyList<string> names, Stream archive, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Makes a one-layer image of a tar. Changes are Dockerfile instructions (CMD, ENV ...).</summary>
    public Task<Image> ImportAsync(
        Stream tar,
        string? reference,
        string? message,
        IReadOnlyList<string> changes,
        Platform? platform,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    public IReadOnlyList<Image> List() => throw new NotSupportedException("filled in by this slice");

    /// <summary>By name, id or unambiguous prefix of an id; null if there is none.</summary>
    /// <exception cref="EngineException">a malformed or ambiguous name</exception>
    public Image? Find(string nameOrId) => throw new NotSupportedException("filled in by this slice");

    public Task TagAsync(string nameOrId, string reference, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Untags, and deletes with the last tag. <paramref name="usedBy"/> names a container of an image, a running one if there is one, or null.</summary>
    public Task<ImageRemoval> RemoveAsync(
        string nameOrId,
        bool force,
        Func<Digest, ImageUser?> usedBy,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");
}
