// What users do with a container's files from outside: see changes and sizes, export, make an image.
using System.Text;
using Skiff.Engine.Bundles;
using Skiff.Engine.Images;
using Skiff.Engine.Volumes;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Containers;

/// <summary>What a commit asks for.</summary>
public sealed record CommitRequest
{
    /// <summary>null: the image gets no name.</summary>
    public string? Reference { get; init; }
    public string? Author { get; init; }
    public string? Comment { get; init; }

    /// <summary>The processes stand still meanwhile.</summary>
    public bool Pause { get; init; } = true;

    /// <summary>What the image is to run instead; what it does not say, the container's configuration does.</summary>
    public ContainerConfig? Config { get; init; }

    /// <summary>Dockerfile instructions, over all of that.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>Bytes of a container's own files, and of all it sees.</summary>
public readonly record struct ContainerSizes(long Own, long Root);

public sealed partial class ContainerFiles
{
    readonly ContainerStore store;
    readonly Lifecycle lifecycle;
    readonly ImageService images;
    readonly VolumeService volumes;
    readonly BundleBuilder bundles;
    readonly ContainerEvents events;

    internal ContainerFiles(
        ContainerStore store,
        Lifecycle lifecycle,
        ImageService images,
        VolumeService volumes,
        BundleBuilder bundles,
        ContainerEvents events
    )
    {
        this.store = store;
        this.lifecycle = lifecycle;
        this.images = images;
        this.volumes = volumes;
        this.bundles = bundles;
        this.events = events;
    }

    /// <summary>What differs from the image, in order of the paths.</summary>
    public Task<IReadOnlyList<FileChange>> ChangesAsync(string nameOrId, CancellationToken cancellation)
    {
        var snapshot = SnapshotOf(store.Get(nameOrId).Record);
        return Task.Run(
            () =>
            {
                using var lower = Overlay.OpenDetached(snapshot.Lowers);
                using var upper = SafePath.OpenRoot(snapshot.Upper);
                return TreeChanges.Find(upper, lower, Snapshot.MountPlaces, cancellation);
            },
            cancellation
        );
    }

    /// <summary>As `ps --size` and `inspect --size` show them.</summary>
    public ContainerSizes Sizes(Container container)
    {
        long own = 0;
        try
        {
            using var upper = SafePath.OpenRoot(SnapshotOf(container).Upper);
            own = TreeSize.Of(upper);
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENOENT)
        {
            // It is being removed.
        }
        return new ContainerSizes(own, own + (images.Find(container.ImageId.ToString())?.Size ?? 0));
    }

    /// <summary>Writes the whole root as a tar, without what is mounted in it.</summary>
    public async Task ExportAsync(string nameOrId, Stream destination, CancellationToken cancellation)
    {
        var container = store.Get(nameOrId).Record;
        await BlockingStream.RunAsync(() =>
        {
            using var root = OpenRoot(container);
            using var blocking = new BlockingStream(destination, cancellation);
            using var buffered = new BufferedStream(blocking, 128 << 10);
            var tar = new TarWriter(buffered);
            new TreeArchive(tar, new TreeArchiveOptions(), cancellation).Write(root);
            tar.Finish();
            return true;
        });
        events.Publish(container, "export");
    }

    /// <summary>Makes an image of the container's root as it is, with its configuration.</summary>
    /// <exception cref="EngineException">InvalidParameter: a wrong name or change; NotFound: the parent image is gone</exception>
    public async Task<Image> CommitAsync(string nameOrId, CommitRequest request, CancellationToken cancellation)
    {
        var live = store.Get(nameOrId);
        var container = live.Record;
        if (container.State.Status == ContainerStatus.Dead)
            throw EngineException.Conflict($"You cannot commit container {container.Id} which is Dead");
        var parent =
            images.Find(container.ImageId.ToString())
            ?? throw EngineException.NotFound(
                $"the image {container.ImageId} of container {container.Name} is gone: pull it again"
            );
        var commit = new ImageCommit
        {
            Parent = parent,
            Upper = SnapshotOf(container).Upper,
            LeftOut = Snapshot.MountPlaces,
            Config = RunConfigs.Of(container.Config, request.Config, request.Changes),
            Author = NullIfEmpty(request.Author),
            Comment = NullIfEmpty(request.Comment),
            CreatedBy = string.Join(
                ' ',
                (IEnumerable<string>)[.. container.Config.Entrypoint ?? [], .. container.Config.Cmd ?? []]
            ),
            Name = NullIfEmpty(request.Reference) is { } name ? ParseName(name) : null,
        };
        bool pause = request.Pause && container.State.Status == ContainerStatus.Running;
        if (pause)
            await lifecycle.PauseAsync(live, cancellation);
        Image image;
        try
        {
            image = await images.CommitAsync(commit, cancellation);
        }
        finally
        {
            if (pause)
                await lifecycle.UnpauseAsync(live, CancellationToken.None);
        }
        events.Publish(
            container,
            "commit",
            ("comment", request.Comment ?? ""),
            ("imageID", image.Id.ToString()),
            ("imageRef", commit.Name?.Familiar ?? "")
        );
        return image;
    }

    /// <summary>
    /// The root as the container's processes see it, but nothing mounted in it: of a running container its own mount, of
    /// a stopped one an overlay that cannot be written.
    /// </summary>
    Fd OpenRoot(Container container)
    {
        if (container is { State.IsRunning: true, Ids: null } && TryOpenRunning(container) is { } root)
            return root;
        var snapshot = SnapshotOf(container);
        // The descriptor of a mount stands for a place: what is to be listed must be opened from there.
        using var mount = Overlay.OpenDetached([snapshot.Upper, .. snapshot.Lowers]);
        var errno = SafePath.TryOpenDirectory(mount, "."u8, Containment.Beneath, out var directory);
        return errno == Errno.None ? directory! : throw new ErrnoException("open", "/", errno);
    }

    Snapshot SnapshotOf(Container container) =>
        images.Snapshots.Find(container.Id) ?? throw EngineException.NotFound($"No such container: {container.Id}");

    static Reference ParseName(string text)
    {
        if (!Reference.TryParse(text, out var name, out string? error))
            throw EngineException.Invalid(error);
        return name.Digest is null
            ? name.WithDefaultTag()
            : throw EngineException.Invalid("invalid reference: a commit cannot have a digest in its name");
    }

    static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
