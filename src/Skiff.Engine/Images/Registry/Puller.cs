// Pull: from a name to an image in the store.
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Skiff.Engine.Images.Transfers;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>The recipe of a pull: endpoint by endpoint, index, manifest, config, layers, record. One per engine.</summary>
internal sealed class Puller(Hosts hosts, ContentStore content, Snapshotter snapshots, ImageStore store, LayerTransfers transfers)
{
    const int MaxIndexDepth = 3;

    /// <summary>Pulls; <paramref name="platform"/> null takes this machine's. The image is in the store when it returns.</summary>
    /// <exception cref="EngineException">in the words of Docker's daemon</exception>
    public async Task<Image> PullAsync(
        Reference name,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        name = name.WithDefaultTag();
        var failures = new List<(Endpoint Endpoint, RegistryException Failure)>();
        var endpoints = await hosts.ForAsync(name, push: false, cancellation);
        foreach (var endpoint in endpoints)
        {
            try
            {
                var client = new RegistryClient(hosts, endpoint, credentials, new Scope(name.Path, Push: false));
                return await PullFromAsync(client, name, platform, progress, cancellation);
            }
            catch (RegistryException failure) when (!cancellation.IsCancellationRequested)
            {
                failures.Add((endpoint, failure));
                // A registry that answered has the last word; a mirror never has.
                if (!endpoint.IsMirror && failure.Failure != RegistryFailure.Unreachable)
                    break;
            }
            catch (EngineException damage) when (endpoint.IsMirror && damage.Kind == ErrorKind.DataLoss)
            {
                failures.Add((endpoint, new RegistryException(RegistryFailure.BadContent, damage.Message, inner: damage)));
            }
        }
        cancellation.ThrowIfCancellationRequested();
        throw PullFailure.Explain(name, failures);
    }

    async Task<Image> PullFromAsync(
        RegistryClient client,
        Reference name,
        Platform? platform,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var asked = name.Digest?.ToString() ?? name.Tag!;
        var top = await client.ManifestAsync(asked, name.Digest, size: null, cancellation);
        progress(new TransferProgress(asked, $"Pulling from {name.Path}"));
        var chosen = await ChooseAsync(client, top, platform ?? EngineOptions.HostPlatform, cancellation);
        var manifest = chosen.Document.Manifest!;

        using var lease = content.OpenLease();
        var (configBytes, config) = await ConfigAsync(client, manifest, lease, cancellation);
        if (platform is not null && platform.Suits(PlatformOf(config)) < 0)
            throw EngineException.NotFound(
                $"image with reference {name.Familiar} was found but its platform ({PlatformOf(config)}) does not match "
                    + $"the specified platform ({platform})"
            );
        if (config.OS != EngineOptions.HostPlatform.OS)
            throw EngineException.NotImplemented(
                $"image operating system \"{RegistryError.Clean(config.OS)}\" cannot be used on this platform"
            );

        await LayersAsync(client, Layers(manifest, config), lease, progress, cancellation);

        foreach (var (bytes, digest) in Documents(top, chosen, configBytes, manifest))
        {
            lease.Keep(digest);
            if (!content.Contains(digest))
                content.Write(bytes);
        }
        return Record(name, top, chosen, config, progress);
    }

    internal static Platform PlatformOf(ImageConfig config) =>
        new Platform
        {
            OS = config.OS,
            Architecture = config.Architecture,
            Variant = config.Variant,
        }.Normalize();

    // The index as it came is kept too: its digest is what the user sees and may ask for again.
    static IEnumerable<(byte[] Bytes, Digest Digest)> Documents(
        FetchedManifest top,
        FetchedManifest chosen,
        byte[] config,
        Manifest manifest
    )
    {
        yield return (config, manifest.Config.Digest);
        yield return (chosen.Bytes, chosen.Descriptor.Digest);
        if (top != chosen)
            yield return (top.Bytes, top.Descriptor.Digest);
    }

    static async Task<FetchedManifest> ChooseAsync(
        RegistryClient client,
        FetchedManifest document,
        Platform platform,
        CancellationToken cancellation
    )
    {
        for (var depth = 0; document.Document.Index is { } index; depth++)
        {
            if (depth == MaxIndexDepth)
                throw new RegistryException(RegistryFailure.BadContent, $"index nests deeper than {MaxIndexDepth}");
            var choice =
                index.Choose(platform)
                ?? throw EngineException.NotFound($"no matching manifest for {platform} in the manifest list entries");
            document = await client.ManifestAsync(choice.Digest.ToString(), choice.Digest, choice.Size, cancellation);
        }
        return document;
    }

    async Task<(byte[] Bytes, ImageConfig Config)> ConfigAsync(
        RegistryClient client,
        Manifest manifest,
        ContentLease lease,
        CancellationToken cancellation
    )
    {
        var descriptor = manifest.Config;
        if (!MediaTypes.IsConfig(descriptor.MediaType))
            throw EngineException.Invalid(
                $"this is not an image: its config has the type \"{RegistryError.Clean(descriptor.MediaType)}\""
            );
        if (descriptor.Size > ContentStore.MaxDocumentBytes)
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"config {descriptor.Digest} is too large: {descriptor.Size} bytes"
            );
        lease.Keep(descriptor.Digest);
        var bytes = content.Contains(descriptor.Digest)
            ? content.ReadAllBytes(descriptor.Digest)
            : await DownloadAsync(client, descriptor, cancellation);
        try
        {
            var config = JsonSerializer.Deserialize(bytes, OciJson.Default.ImageConfig);
            if (config is not { Architecture: not null, OS: not null, RootFs.DiffIds: not null })
                throw new JsonException("a required member is null");
            if (config.RootFs.Type != "layers" || config.RootFs.DiffIds.Count != manifest.Layers.Count)
                throw new JsonException("layers from manifest don't match image configuration");
            return (bytes, config);
        }
        catch (JsonException failure)
        {
            throw new RegistryException(
                RegistryFailure.BadContent,
                $"invalid image configuration {descriptor.Digest}: {RegistryError.Clean(failure.Message)}",
                inner: failure
            );
        }
    }

    internal static async Task<byte[]> DownloadAsync(RegistryClient client, Descriptor blob, CancellationToken cancellation)
    {
        await using var download = new BlobDownload(client, blob, 0, cancellation);
        var bytes = new byte[blob.Size];
        for (int count, at = 0; (count = await download.ReadAsync(bytes.AsMemory(at), cancellation)) > 0; at += count) { }
        var actual = Digest.FromSha256(System.Security.Cryptography.SHA256.HashData(bytes));
        return actual == blob.Digest
            ? bytes
            : throw new RegistryException(
                RegistryFailure.BadContent,
                $"filesystem layer verification failed for digest {blob.Digest}: got {actual}"
            );
    }

    static List<WantedLayer> Layers(Manifest manifest, ImageConfig config)
    {
        var layers = new List<WantedLayer>();
        Digest? parent = null;
        foreach (var (blob, diffId) in manifest.Layers.Zip(config.RootFs.DiffIds))
        {
            if (!MediaTypes.IsLayer(blob.MediaType))
                throw EngineException.Invalid(
                    $"layer {blob.Digest} has the unsupported type \"{RegistryError.Clean(blob.MediaType)}\""
                );
            var chain = ChainId.Join(parent, diffId);
            layers.Add(new WantedLayer(blob, diffId, chain, parent));
            parent = chain;
        }
        return layers;
    }

    async Task LayersAsync(
        RegistryClient client,
        List<WantedLayer> layers,
        ContentLease lease,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        foreach (var layer in layers)
        {
            lease.Keep(layer.ChainId);
            lease.Keep(layer.Blob.Digest);
        }
        // Nothing is said of layers where all of them are here.
        if (layers.TrueForAll(IsHere))
            return;
        var wanted = new List<WantedLayer>();
        foreach (var layer in layers)
        {
            var here = IsHere(layer);
            progress(new(LayerProgress.ShortId(layer.Blob.Digest), here ? "Already exists" : "Pulling fs layer"));
            if (!here)
                wanted.Add(layer);
        }
        var first = new TaskCompletionSource<Exception>();
        async Task BringAsync(WantedLayer layer)
        {
            try
            {
                await transfers.BringAsync(client, layer, progress, stop.Token);
            }
            catch (Exception failure)
            {
                // The first failure is the reason; the others follow from it.
                first.TrySetResult(failure);
                await stop.CancelAsync();
            }
        }
        await Task.WhenAll(wanted.Select(BringAsync));
        cancellation.ThrowIfCancellationRequested();
        if (!first.Task.IsCompleted)
            return;
        // On a full disk the room is needed more than a head start for the next try.
        if (await first.Task is EngineException { Kind: ErrorKind.System })
            foreach (var layer in wanted)
                content.DiscardPartial(layer.Blob.Digest);
        ExceptionDispatchInfo.Throw(await first.Task);
    }

    bool IsHere(WantedLayer layer) => snapshots.Contains(layer.ChainId) && content.Contains(layer.Blob.Digest);

    Image Record(
        Reference name,
        FetchedManifest top,
        FetchedManifest chosen,
        ImageConfig config,
        Action<TransferProgress> progress
    )
    {
        var manifest = chosen.Document.Manifest!;
        var image = new Image
        {
            Id = manifest.Config.Digest,
            Manifest = chosen.Descriptor,
            Layers = manifest.Layers,
            Config = config,
            Size = Layers(manifest, config).Sum(l => snapshots.Size(l.ChainId)),
        };
        var byDigest = name.WithDigest(top.Descriptor.Digest);
        Reference[] names = name.Digest is null ? [name, byDigest] : [byDigest];
        var isNew = store.Get(names[0])?.Id != image.Id;
        image = store.Add(image, names);
        progress(new TransferProgress(null, $"Digest: {top.Descriptor.Digest}"));
        var outcome = isNew ? "Downloaded newer image for" : "Image is up to date for";
        progress(new TransferProgress(null, $"Status: {outcome} {names[0].Familiar}"));
        return image;
    }
}
