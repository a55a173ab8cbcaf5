// The verbs on images of this machine; those that talk to registries are in ImageService.Registry.cs.
using System.Buffers;
using Skiff.Engine.Events;
using Skiff.Engine.Images.Registry;
using Skiff.Engine.Images.Transfers;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>Pull, push, load, save, import, tag, remove and find images.</summary>
public sealed partial class ImageService : IAsyncDisposable
{
    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    readonly EngineOptions options;
    readonly Database database;
    readonly EventBus events;
    readonly GarbageCollector collector;
    readonly ImageRemover remover;
    readonly LayerLoader layers;
    readonly ImageLoader loader;

    /// <summary>Opens the store below the data root; <see cref="RepairAsync"/> then checks it. One per engine.</summary>
    public ImageService(EngineOptions options, StateLayout layout, Database database, EventBus events)
    {
        this.options = options;
        this.database = database;
        this.events = events;
        // Before the content store opens: this throws away what is left in scratch, apart from blobs on their way.
        Snapshots = new Snapshotter(layout, database);
        Content = new ContentStore(layout);
        Store = new ImageStore(database, Content, Snapshots);
        Room = new DiskRoom(Content, Snapshots);
        collector = new GarbageCollector(Content, Snapshots, Store);
        remover = new ImageRemover(Store, collector);
        layers = new LayerLoader(Content, Snapshots);
        loader = new ImageLoader(Content, Store, layers);
        hosts = new Hosts(options, new RegistryPolicy());
        puller = new Puller(
            hosts,
            Content,
            Snapshots,
            Store,
            new LayerTransfers(Content, Snapshots, options.MaxConcurrentDownloads)
        );
        pusher = new Pusher(hosts, Content, Store, new LayerPacker(Content, Store), options.MaxConcurrentUploads);
        inspector = new Inspector(hosts);
    }

    /// <summary>The blobs.</summary>
    public ContentStore Content { get; }

    /// <summary>The unpacked layers, and the writable layers of containers.</summary>
    public Snapshotter Snapshots { get; }

    /// <summary>The records.</summary>
    public ImageStore Store { get; }

    /// <summary>
    /// Unpacks again what a listed image lacks, drops the images for which that is impossible, and removes blobs and
    /// layers that nothing refers to. Run before anything else.
    /// </summary>
    public Task RepairAsync(CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                foreach (var image in Store.List())
                    if (!layers.TryUnpackMissing(image, cancellation))
                        Store.Remove(image.Id);
                Store.WriteIndex();
                collector.Collect();
            },
            cancellation
        );

    /// <summary>
    /// Reads the whole store and tells what is wrong with it; with <paramref name="repair"/> also mends what can be mended
    /// from what is here, and removes what nothing refers to.
    /// </summary>
    /// <param name="userOf">a container of an image, a running one if there is one, or null</param>
    public Task<StoreReport> CheckAsync(bool repair, Func<Digest, ImageUser?> userOf, CancellationToken cancellation) =>
        Task.Factory.StartNew(
            () => new StoreCheck(Content, Snapshots, Store, collector, database, userOf, repair, cancellation).Run(),
            cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    /// <summary>Bytes on the disk of everything that images need, blobs and unpacked layers; and of each part of one image.</summary>
    public DiskRoom Room { get; }

    /// <summary>Waits for background work and closes connections.</summary>
    public ValueTask DisposeAsync()
    {
        hosts.Dispose();
        return Snapshots.DisposeAsync();
    }

    public IReadOnlyList<Image> List() => Store.List();

    /// <summary>By name, id or unambiguous prefix of an id; null if there is none.</summary>
    /// <exception cref="EngineException">InvalidParameter: a malformed name, or an ambiguous prefix</exception>
    public Image? Find(string nameOrId) => Lookup(nameOrId, out _);

    /// <summary>Points a name at an image; it moves here if another image has it.</summary>
    /// <exception cref="EngineException">NotFound: no such image; InvalidParameter: no name for a tag</exception>
    public Task TagAsync(string nameOrId, string reference, CancellationToken cancellation)
    {
        var image = Require(nameOrId);
        var name = Name(reference);
        if (name.Digest is not null)
            throw EngineException.Invalid("refusing to create a tag with a digest reference");
        name = name.WithDefaultTag();
        Store.Add(image, [name]);
        Announce("tag", image.Id, name.Familiar);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Untags, and deletes with the last tag. <paramref name="usedBy"/> names a container of an image, a running one if
    /// there is one, or null.
    /// </summary>
    /// <exception cref="EngineException">NotFound; Conflict: a container or another name stands against it</exception>
    public Task<ImageRemoval> RemoveAsync(
        string nameOrId,
        bool force,
        Func<Digest, ImageUser?> usedBy,
        CancellationToken cancellation
    ) =>
        Task.Run(
            () =>
            {
                var image = Lookup(nameOrId, out var name) ?? throw NoSuchImage(nameOrId);
                var removal = remover.Remove(image, name, force, usedBy);
                foreach (var _ in removal.Untagged)
                    Announce("untag", image.Id, image.Id.ToString());
                if (removal.Deleted.Count > 0)
                    Announce("delete", image.Id, image.Id.ToString());
                return removal;
            },
            cancellation
        );

    // After a failure: what has come so far is of no use to anyone. After a full disk neither are partial downloads.
    void GiveBack(Exception failure)
    {
        if (DiskErrors.Explained(failure))
            Content.DropPartials();
        collector.Collect();
    }

    Image Require(string nameOrId) => Lookup(nameOrId, out _) ?? throw NoSuchImage(nameOrId);

    // A name goes before an id; what is found by its id has no name here.
    Image? Lookup(string nameOrId, out Reference? name)
    {
        name = null;
        if (Digest.TryParse(nameOrId, out var id) || Digest.TryParse("sha256:" + nameOrId, out id))
            return Store.Get(id);
        bool isName = Reference.TryParse(nameOrId, out name, out string? error);
        if (isName && Store.Get(name!) is { } named)
            return named;
        name = null;
        string prefix = nameOrId.StartsWith("sha256:", StringComparison.Ordinal) ? nameOrId[7..] : nameOrId;
        if (prefix.Length is 0 or > 64 || prefix.AsSpan().ContainsAnyExcept(HexDigits))
            return isName ? null : throw EngineException.Invalid(error!);
        var found = Store.List().Where(i => i.Id.Hex.StartsWith(prefix, StringComparison.Ordinal)).Take(2).ToList();
        return found.Count switch
        {
            0 => null,
            1 => found[0],
            _ => throw EngineException.Invalid($"multiple IDs found with provided prefix: {nameOrId}"),
        };
    }

    static EngineException NoSuchImage(string nameOrId) =>
        EngineException.NotFound(
            $"No such image: {(Reference.TryParse(nameOrId, out var name) ? name.WithDefaultTag().Familiar : nameOrId)}"
        );

    void Announce(string action, Digest id, string name) =>
        events.Publish(
            "image",
            action,
            id.ToString(),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = name }
        );
}
