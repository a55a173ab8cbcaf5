// Loads images from one tar: what `docker save` of any version writes, or an OCI image layout.
using System.Text.Json;
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Images;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <param name="Names">as users write them; empty where the archive has none</param>
sealed record LoadedImage(Image Image, IReadOnlyList<string> Names);

sealed class ImageLoader(ContentStore content, ImageStore store, LayerLoader layers)
{
    const int MaxIndexDepth = 4;
    const string ImageNameAnnotation = "io.containerd.image.name";
    const string RefNameAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>Loads every image of the archive that suits a platform. The archive may be compressed.</summary>
    /// <param name="platform">null: this machine's where there is a choice, else what there is</param>
    /// <exception cref="EngineException">InvalidParameter: no such archive, or a broken one; DataLoss: a wrong digest</exception>
    public IReadOnlyList<LoadedImage> Load(
        Stream archive,
        Platform? platform,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        using var lease = content.OpenLease();
        var files = new ArchiveFiles(content, lease);
        try
        {
            using var plain = Compression.OpenDecompressor(archive, out _);
            files.Read(new TarReader(plain), cancellation);
            if (files.Document(ImageArchive.DockerManifestFile) is { } docker)
                return LoadDocker(docker, platform, files, lease, progress, cancellation);
            if (files.Document(ImageArchive.IndexFile) is { } index)
                return LoadLayout(index, platform, lease, progress, cancellation);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            throw EngineException.Invalid($"invalid archive: {e.Message}");
        }
        throw EngineException.Invalid(
            $"invalid archive: neither {ImageArchive.DockerManifestFile} nor {ImageArchive.IndexFile} is in it"
        );
    }

    List<LoadedImage> LoadDocker(
        byte[] document,
        Platform? platform,
        ArchiveFiles files,
        ContentLease lease,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var items = JsonSerializer.Deserialize(document, ImageJson.Default.IReadOnlyListDockerArchiveItem) ?? [];
        // An archive that is a layout too has the manifests that its images were pushed or pulled with.
        var manifests = files.Document(ImageArchive.IndexFile) is { } index ? ManifestsOf(index, lease) : [];
        var loaded = new List<LoadedImage>();
        foreach (var item in items)
        {
            if (item?.Config is null)
                throw new JsonException($"{ImageArchive.DockerManifestFile} has an image without a config");
            var id = files.Blob(item.Config);
            var blobs = (item.Layers ?? []).Select(files.Blob).ToList();
            var manifest = manifests.FirstOrDefault(m =>
                m.Content.Config.Digest == id && m.Content.Layers.Select(l => l.Digest).SequenceEqual(blobs)
            );
            manifest ??= Compose(id, blobs, lease);
            if (platform is null || Suits(platform, id, lease))
                loaded.Add(Load(manifest, item.RepoTags ?? [], lease, progress, cancellation));
        }
        return loaded.Count > 0 || platform is null ? loaded : throw NoneFor(platform);
    }

    static EngineException NoneFor(Platform platform) => EngineException.NotFound($"the archive has no image for {platform}");

    bool Suits(Platform platform, Digest config, ContentLease lease)
    {
        lease.Keep(config);
        return JsonSerializer.Deserialize(content.ReadAllBytes(config), OciJson.Default.ImageConfig)
                is { OS: not null, Architecture: not null } found
            && platform.Suits(Puller.PlatformOf(found)) == 0;
    }

    List<LoadedImage> LoadLayout(
        byte[] document,
        Platform? platform,
        ContentLease lease,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var index = JsonSerializer.Deserialize(document, OciJson.Default.Index);
        if (index?.Manifests is null)
            throw new JsonException($"{ImageArchive.IndexFile} has no manifests");
        var loaded = new List<LoadedImage>();
        foreach (var entry in index.Manifests)
        {
            var chosen = Choose(entry, platform ?? EngineOptions.HostPlatform, lease);
            if (chosen is not null && (platform is null || Suits(platform, chosen.Content.Config.Digest, lease)))
                loaded.Add(Load(chosen, NamesOf(entry), lease, progress, cancellation));
        }
        return loaded.Count > 0 ? loaded : throw NoneFor(platform ?? EngineOptions.HostPlatform);
    }

    LoadedImage Load(
        StoredManifest manifest,
        IReadOnlyList<string> names,
        ContentLease lease,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var id = manifest.Content.Config.Digest;
        lease.Keep(id);
        var config =
            JsonSerializer.Deserialize(content.ReadAllBytes(id), OciJson.Default.ImageConfig)
            ?? throw new JsonException("the image configuration is null");
        if (config is not { Architecture: not null, OS: not null, RootFs.DiffIds: not null })
            throw new JsonException("a required member of the image configuration is null");
        if (config.OS != EngineOptions.HostPlatform.OS)
            throw EngineException.NotImplemented($"image operating system \"{config.OS}\" cannot be used on this platform");
        foreach (var chainId in ChainId.Compute(config.RootFs.DiffIds))
            lease.Keep(chainId);
        var references = names.Select(ParseName).ToList();
        long size = layers.Unpack(manifest.Content.Layers, config.RootFs.DiffIds, progress, cancellation);
        var image = new Image
        {
            Id = id,
            Manifest = manifest.Descriptor,
            Layers = manifest.Content.Layers,
            Config = config,
            Size = size,
        };
        image = store.Add(image, references);
        return new LoadedImage(image, [.. references.Select(r => r.Familiar)]);
    }

    sealed record StoredManifest(Descriptor Descriptor, Manifest Content);

    // Docker's archives from before they were layouts have no manifest of their own.
    StoredManifest Compose(Digest config, List<Digest> blobs, ContentLease lease)
    {
        var manifest = new Manifest
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor
            {
                MediaType = MediaTypes.OciConfig,
                Digest = config,
                Size = content.Size(config) ?? 0,
            },
            Layers = [.. blobs.Select(DescribeLayer)],
        };
        return Store(manifest, content, lease);
    }

    /// <summary>Stores a manifest that was made here.</summary>
    public static (Descriptor Descriptor, Manifest Manifest) StoreManifest(
        Manifest manifest,
        ContentStore content,
        ContentLease lease
    )
    {
        var stored = Store(manifest, content, lease);
        return (stored.Descriptor, stored.Content);
    }

    static StoredManifest Store(Manifest manifest, ContentStore content, ContentLease lease)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Plain.Manifest);
        var digest = content.Write(bytes, lease);
        var descriptor = new Descriptor
        {
            MediaType = MediaTypes.OciManifest,
            Digest = digest,
            Size = bytes.Length,
        };
        return new StoredManifest(descriptor, manifest);
    }

    Descriptor DescribeLayer(Digest digest)
    {
        using var blob = content.OpenRead(digest);
        var start = new byte[Compression.MagicLength];
        int count = blob.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return new Descriptor
        {
            MediaType = LayerType(Compression.Detect(start.AsSpan(0, count))),
            Digest = digest,
            Size = blob.Length,
        };
    }

    public static string LayerType(LayerCompression compression) =>
        compression switch
        {
            LayerCompression.Gzip => MediaTypes.OciLayerGzip,
            LayerCompression.Zstd => MediaTypes.OciLayerZstd,
            _ => MediaTypes.OciLayer,
        };

    // Every manifest that an index leads to and that is in the store.
    List<StoredManifest> ManifestsOf(byte[] document, ContentLease lease, int depth = 0)
    {
        var found = new List<StoredManifest>();
        var index = JsonSerializer.Deserialize(document, OciJson.Default.Index);
        foreach (var entry in index?.Manifests ?? [])
        {
            if (!content.Contains(entry.Digest))
                continue;
            lease.Keep(entry.Digest);
            if (MediaTypes.IsManifest(entry.MediaType))
                found.Add(ReadManifest(entry));
            else if (MediaTypes.IsIndex(entry.MediaType) && depth < MaxIndexDepth)
                found.AddRange(ManifestsOf(content.ReadAllBytes(entry.Digest), lease, depth + 1));
        }
        return found;
    }

    // The manifest for this machine, or null if there is none or it is not of an image.
    StoredManifest? Choose(Descriptor entry, Platform platform, ContentLease lease, int depth = 0)
    {
        lease.Keep(entry.Digest);
        if (MediaTypes.IsManifest(entry.MediaType))
        {
            var manifest = ReadManifest(entry);
            return MediaTypes.IsConfig(manifest.Content.Config.MediaType) ? manifest : null;
        }
        if (!MediaTypes.IsIndex(entry.MediaType) || depth == MaxIndexDepth)
            return null;
        var index = JsonSerializer.Deserialize(content.ReadAllBytes(entry.Digest), OciJson.Default.Index);
        return index?.Choose(platform) is { } chosen ? Choose(chosen, platform, lease, depth + 1) : null;
    }

    StoredManifest ReadManifest(Descriptor entry)
    {
        var manifest = JsonSerializer.Deserialize(content.ReadAllBytes(entry.Digest), OciJson.Default.Manifest);
        if (manifest is not { Config: not null, Layers: not null })
            throw new JsonException($"manifest {entry.Digest} has no config or no layers");
        return new StoredManifest(entry with { Annotations = null, Platform = null }, manifest);
    }

    // A layout may name its images fully, or only their tags, which name nothing here.
    static List<string> NamesOf(Descriptor entry)
    {
        if (entry.Annotations?.GetValueOrDefault(ImageNameAnnotation) is { } full)
            return [full];
        return entry.Annotations?.GetValueOrDefault(RefNameAnnotation) is { } name && name.AsSpan().ContainsAny('/', ':')
            ? [name]
            : [];
    }

    static Reference ParseName(string name) =>
        Reference.TryParse(name, out var reference, out string? error)
            ? reference.WithDefaultTag()
            : throw EngineException.Invalid($"invalid archive: image name \"{name}\": {error}");
}
