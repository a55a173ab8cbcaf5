// Push: from an image in the store to a registry.
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;
using Skiff.Engine.Images.Transfers;
using Skiff.Oci.Distribution;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Registry;

/// <summary>The recipe of a push: layers and config that the registry lacks, then the manifest. One per engine.</summary>
internal sealed class Pusher(Hosts hosts, ContentStore content, ImageStore store, LayerPacker packer, int maxConcurrent)
{
    const int MaxMountSources = 4;

    /// <summary>Pushes what a tag names; the bytes are those that were pulled; plain layers
    /// that no registry has seen are compressed first. Returns the manifest's digest and size.</summary>
    /// <exception cref="EngineException">in the words of Docker's daemon</exception>
    public async Task<(Digest Digest, long Size)> PushAsync(
        Reference name,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        if (name.Digest is not null)
            throw EngineException.Invalid("cannot push a digest reference");
        name = name.WithDefaultTag();
        var image = store.Get(name) ?? throw Unknown(name);
        if (platform is not null && platform.Suits(Puller.PlatformOf(image.Config)) != 0)
            throw EngineException.NotFound(
                $"image with reference {name.Familiar} was found but its platform ({Puller.PlatformOf(image.Config)}) does not "
                    + $"match the specified platform ({platform})"
            );
        progress(new TransferProgress(null, $"The push refers to repository [{name.Repository}]"));

        using var lease = content.OpenLease();
        lease.Keep(image.Manifest.Digest);
        lease.Keep(image.Id);
        image = await packer.PackAsync(image, lease, cancellation);
        // Topmost first, named by DiffId, as Docker's daemon lists them; each blob once.
        var layers = image.Layers.Zip(image.Config.RootFs.DiffIds).Reverse().DistinctBy(l => l.First.Digest).ToList();
        var uploads = new List<(Descriptor Blob, LayerProgress Progress)>();
        foreach (var (blob, diffId) in layers)
        {
            lease.Keep(blob.Digest);
            var bar = new LayerProgress(LayerProgress.ShortId(diffId));
            bar.Add(progress);
            if (MediaTypes.IsForeignLayer(blob.MediaType))
            {
                bar.Report("Skipped foreign layer");
                continue;
            }
            bar.Report("Preparing");
            uploads.Add((blob, bar));
        }

        var sources = MountSources(name, image);
        Scope[] scopes = [new(name.Path, Push: true), .. sources.Values.Distinct().Select(s => new Scope(s, Push: false))];
        RegistryException? last = null;
        foreach (var endpoint in await hosts.ForAsync(name, push: true, cancellation))
        {
            try
            {
                var client = new RegistryClient(hosts, endpoint, credentials, scopes);
                return await PushToAsync(client, name, image, uploads, sources, progress, cancellation);
            }
            catch (RegistryException failure) when (!cancellation.IsCancellationRequested)
            {
                last = failure;
                if (failure.Failure != RegistryFailure.Unreachable)
                    break;
            }
        }
        cancellation.ThrowIfCancellationRequested();
        throw new EngineException(last!.Kind, last.Message, last);
    }

    EngineException Unknown(Reference name) =>
        store.List().Any(i => i.Tags.Any(t => Reference.TryParse(t, out var tag) && tag.Repository == name.Repository))
            ? EngineException.NotFound($"tag does not exist: {name.Familiar}")
            : EngineException.NotFound($"An image does not exist locally with the tag: {name.FamiliarRepository}");

    // Repositories of the same registry that are known to hold a layer: it can be mounted from there instead of sent.
    Dictionary<Digest, string> MountSources(Reference name, Image image)
    {
        var sources = new Dictionary<Digest, string>();
        foreach (var other in store.List())
        {
            var repository = other
                .RepoDigests.Select(r => Reference.TryParse(r, out var parsed) ? parsed : null)
                .FirstOrDefault(r => r is not null && r.Domain == name.Domain && r.Path != name.Path)
                ?.Path;
            if (
                repository is null
                || (!sources.ContainsValue(repository) && sources.Values.Distinct().Count() >= MaxMountSources)
            )
                continue;
            foreach (var layer in other.Layers.IntersectBy(image.Layers.Select(l => l.Digest), l => l.Digest))
                sources.TryAdd(layer.Digest, repository);
        }
        return sources;
    }

    async Task<(Digest Digest, long Size)> PushToAsync(
        RegistryClient client,
        Reference name,
        Image image,
        List<(Descriptor Blob, LayerProgress Progress)> uploads,
        Dictionary<Digest, string> sources,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        await Parallel.ForEachAsync(
            uploads,
            new ParallelOptions { MaxDegreeOfParallelism = maxConcurrent, CancellationToken = cancellation },
            async (upload, stop) =>
                await PushBlobAsync(client, upload.Blob, sources.GetValueOrDefault(upload.Blob.Digest), upload.Progress, stop)
        );
        var bytes = content.ReadAllBytes(image.Manifest.Digest);
        var manifest = JsonSerializer.Deserialize(bytes, OciJson.Default.Manifest)!;
        await PushBlobAsync(client, manifest.Config, null, new LayerProgress(""), cancellation);
        await PutManifestAsync(client, name.Tag!, image.Manifest, bytes, cancellation);

        store.Add(image, [name.WithDigest(image.Manifest.Digest)]);
        progress(new(null, $"{name.Tag}: digest: {image.Manifest.Digest} size: {bytes.Length}"));
        return (image.Manifest.Digest, bytes.Length);
    }

    async Task PushBlobAsync(
        RegistryClient client,
        Descriptor blob,
        string? source,
        LayerProgress progress,
        CancellationToken cancellation
    )
    {
        if (await client.BlobExistsAsync(blob.Digest, cancellation))
        {
            progress.Report("Layer already exists");
            return;
        }
        if (content.Size(blob.Digest) is not { } size || size != blob.Size)
            throw new EngineException(
                ErrorKind.DataLoss,
                $"layer {blob.Digest} is not stored here as it was pulled: pull or build the image again"
            );
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var location = await client.BeginUploadAsync(blob.Digest, source, cancellation);
                if (location is null)
                {
                    progress.Report($"Mounted from {source}");
                    return;
                }
                await client.UploadAsync(
                    location,
                    blob,
                    () => content.OpenRead(blob.Digest),
                    sent => progress.Report("Pushing", sent, blob.Size),
                    cancellation
                );
                progress.Report("Pushed");
                return;
            }
            catch (RegistryException failure)
                when (failure.Failure is RegistryFailure.Unreachable or RegistryFailure.Refused
                    && failure.Retryable
                    && attempt < client.Policy.Attempts
                )
            {
                // A broken upload cannot be trusted: a new one begins.
                await client.PauseAsync(attempt, null, cancellation);
            }
        }
    }

    static async Task PutManifestAsync(
        RegistryClient client,
        string tag,
        Descriptor manifest,
        byte[] bytes,
        CancellationToken cancellation
    )
    {
        using var idle = new IdleLimit(client.Policy.IdleTimeout, cancellation);
        using var response = await client.SendAsync(
            client.ManifestAddress(tag),
            address =>
            {
                var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = new ByteArrayContent(bytes) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(manifest.MediaType);
                return request;
            },
            idle,
            cancellation
        );
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.Accepted))
            throw await RegistryClient.FailureAsync(response, RegistryError.NameUnknown, cancellation);
    }
}
