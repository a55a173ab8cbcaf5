// The verbs on images that read and write archives.
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class ImageService
{
    /// <summary>
    /// Loads an archive as `docker save` writes it, or an OCI layout, compressed or not. Returns the names loaded, and
    /// the ids of images without a name.
    /// </summary>
    /// <exception cref="EngineException">InvalidParameter: no such archive, or a broken one; DataLoss: a wrong digest</exception>
    /// <param name="platform">loads the images of this platform only; null: of this machine, or whatever the archive has</param>
    public Task<IReadOnlyList<string>> LoadAsync(
        Stream archive,
        Platform? platform,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    ) =>
        BlockingStream.RunAsync<IReadOnlyList<string>>(() =>
        {
            using var stream = new BlockingStream(archive, cancellation);
            var loaded = OrNothing(() => loader.Load(stream, platform, progress, cancellation));
            foreach (var (image, _) in loaded)
                Announce("load", image.Id, image.Id.ToString());
            return [.. loaded.SelectMany(l => l.Names.Count > 0 ? l.Names : [l.Image.Id.ToString()]).Distinct()];
        });

    /// <summary>
    /// Writes images as an OCI layout with Docker's manifest.json. A repository without a tag stands for all its tags;
    /// an image given by its id is written without a name.
    /// </summary>
    /// <exception cref="EngineException">NotFound, before anything is written</exception>
    /// <param name="platform">refuses images of another one</param>
    public Task SaveAsync(IReadOnlyList<string> names, Platform? platform, Stream archive, CancellationToken cancellation)
    {
        var tags = new Dictionary<Digest, List<string>>();
        var order = new List<Image>();
        foreach (string name in names)
        {
            foreach (var (image, tag) in ToSave(name))
            {
                if (!tags.TryGetValue(image.Id, out var known))
                {
                    tags[image.Id] = known = [];
                    order.Add(image);
                }
                if (tag is not null && !known.Contains(tag))
                    known.Add(tag);
            }
        }
        if (platform is not null && order.Any(i => platform.Suits(Puller.PlatformOf(i.Config)) != 0))
            throw EngineException.NotFound($"no suitable export target found for platform {platform}");
        return BlockingStream.RunAsync(() =>
        {
            using var stream = new BlockingStream(archive, cancellation);
            new ImageArchive(Content).Save([.. order.Select(i => (i, (IReadOnlyList<string>)tags[i.Id]))], stream, cancellation);
            foreach (var image in order)
                Announce("save", image.Id, image.Id.ToString());
            return true;
        });
    }

    /// <summary>
    /// Makes a one-layer image of a tar, compressed or not. Changes are Dockerfile instructions (CMD, ENV ...).
    /// </summary>
    /// <param name="source">"-", or where the tar is from: for the image's history</param>
    /// <param name="message">the comment in the image's history; empty: says where it is from</param>
    /// <exception cref="EngineException">InvalidParameter: a broken tar, a wrong name or change</exception>
    public Task<Image> ImportAsync(
        Stream tar,
        string source,
        string? reference,
        string? message,
        IReadOnlyList<string> changes,
        Platform? platform,
        CancellationToken cancellation
    )
    {
        Reference? name = null;
        if (!string.IsNullOrEmpty(reference))
        {
            name = Name(reference).WithDefaultTag();
            if (name.Digest is not null)
                throw EngineException.Invalid("cannot import digest reference");
        }
        var config = ImportChanges.Apply(new ImageRunConfig(), changes);
        return BlockingStream.RunAsync(() => OrNothing(() => Import(tar, source, name, message, config, platform, cancellation)));
    }

    /// <summary>Opens an archive on the web for an import; the caller disposes. A name without a scheme is of http, as in Docker.</summary>
    /// <exception cref="EngineException">InvalidParameter: no http or https URL; Unavailable: it cannot be fetched</exception>
    public Task<Stream> FetchArchiveAsync(string url, Action<TransferProgress> progress, CancellationToken cancellation) =>
        new ArchiveFetch(hosts).OpenAsync(url, progress, cancellation);

    T OrNothing<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e)
        {
            GiveBack(e);
            throw;
        }
    }

    Image Import(
        Stream tar,
        string source,
        Reference? name,
        string? message,
        ImageRunConfig runConfig,
        Platform? platform,
        CancellationToken cancellation
    )
    {
        platform ??= EngineOptions.HostPlatform;
        using var lease = Content.OpenLease();
        using var stream = new BlockingStream(tar, cancellation);
        using var writer = Content.OpenWriter();
        using var tee = new TeeStream(stream, writer);
        using var unpack = Snapshots.BeginUnpack(null);
        var layer = unpack.Apply(tee, cancellation);
        var blob = new Descriptor
        {
            MediaType = ImageLoader.LayerType(layer.Compression),
            Size = writer.Position,
            Digest = writer.Commit(lease),
        };
        lease.Keep(layer.DiffId);
        unpack.Commit(layer.DiffId);

        var now = DateTimeOffset.UtcNow;
        var config = new ImageConfig
        {
            Created = now,
            Architecture = platform.Architecture,
            OS = platform.OS,
            Variant = platform.Variant,
            Config = runConfig,
            RootFs = new ImageRootFs { Type = "layers", DiffIds = [layer.DiffId] },
            History =
            [
                new ImageHistory { Created = now, Comment = string.IsNullOrEmpty(message) ? $"Imported from {source}" : message },
            ],
        };
        var image = AddMade(config, [blob], layer.Size, name is null ? [] : [name], lease);
        if (name is not null)
            Announce("tag", image.Id, name.Familiar);
        Announce("import", image.Id, image.Id.ToString());
        return image;
    }

    // What one argument of save stands for: images, each with the tag it was named by.
    IEnumerable<(Image Image, string? Tag)> ToSave(string name)
    {
        if (Reference.TryParse(name, out var repository) && repository.IsNameOnly)
        {
            var tagged = Store.NamesOf(repository.Repository).Where(n => n.Name.Digest is null).ToList();
            if (tagged.Count > 0)
                return tagged.Select(n => (Store.Get(n.Image)!, (string?)n.Name.ToString()));
        }
        var image = Lookup(name, out var reference) ?? throw NoSuchImage(name);
        return [(image, reference is { Digest: null } ? reference.WithDefaultTag().ToString() : null)];
    }
}
