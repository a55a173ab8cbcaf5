// The verbs on images that talk to registries.
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class ImageService
{
    readonly Hosts hosts;
    readonly Puller puller;
    readonly Pusher pusher;
    readonly Inspector inspector;

    /// <summary>Asks a registry whether it takes credentials.</summary>
    /// <param name="registry">"docker.io", "registry.example:5000"</param>
    /// <exception cref="EngineException">InvalidParameter: no such host; Unauthorized; Unavailable: no registry answers</exception>
    public Task LoginAsync(string registry, RegistryCredentials? credentials, CancellationToken cancellation) =>
        new Login(hosts).CheckAsync(registry, credentials, cancellation);

    /// <summary>
    /// Pulls for a platform (null: this machine's). Idempotent; resumes what an earlier try left. Cancelled, it leaves
    /// nothing listed. <paramref name="progress"/> is called from several threads, never at the same time.
    /// </summary>
    /// <exception cref="EngineException">
    /// InvalidParameter: no image name; NotFound: no such image, or not for this platform; Unauthorized; Unavailable: no
    /// registry answers; DataLoss: what came is not what its digest says
    /// </exception>
    public async Task<Image> PullAsync(
        string reference,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var name = Name(reference);
        using var ordered = new OrderedProgress(progress);
        try
        {
            var image = await puller.PullAsync(name, platform, credentials, ordered.Report, cancellation);
            Announce("pull", name.WithDefaultTag());
            return image;
        }
        catch (EngineException failure)
            when (failure.Kind is ErrorKind.System or ErrorKind.DataLoss or ErrorKind.InvalidParameter)
        {
            // A full disk or a broken image: what came of it is of no use for a later try.
            await Task.Run(() => GiveBack(failure), CancellationToken.None);
            throw;
        }
    }

    /// <summary>Pulls every tag of a repository, one after the other; returns the images in the order of the tags.</summary>
    /// <exception cref="EngineException">as PullAsync, for the first tag that fails; those before it stay</exception>
    public async Task<IReadOnlyList<Image>> PullAllTagsAsync(
        string repository,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var name = Name(repository).WithoutTag();
        var pulled = new List<Image>();
        foreach (string tag in await inspector.TagsAsync(name, credentials, cancellation))
            pulled.Add(await PullAsync(name.WithTag(tag).ToString(), platform, credentials, progress, cancellation));
        return pulled;
    }

    /// <summary>What the registry has under a name, without pulling it.</summary>
    /// <exception cref="EngineException">as PullAsync</exception>
    public Task<(Descriptor Descriptor, IReadOnlyList<Platform> Platforms)> LookIntoRegistryAsync(
        string reference,
        RegistryCredentials? credentials,
        CancellationToken cancellation
    ) => inspector.LookAsync(Name(reference), credentials, cancellation);

    /// <summary>Pushes what the reference names, ":latest" if it has no tag. Returns the digest and size of the manifest.</summary>
    /// <param name="platform">refuses an image of another one</param>
    /// <exception cref="EngineException">as PullAsync; NotFound also where there is no such image here</exception>
    public async Task<(Digest Digest, long Size)> PushAsync(
        string reference,
        Platform? platform,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var name = Name(reference).WithDefaultTag();
        using var ordered = new OrderedProgress(progress);
        var before = Store.Get(name)?.Manifest.Digest;
        try
        {
            var pushed = await pusher.PushAsync(name, platform, credentials, ordered.Report, cancellation);
            Announce("push", name);
            return pushed;
        }
        finally
        {
            // Its layers were compressed: the plain ones are of no more use.
            if (Store.Get(name)?.Manifest.Digest != before)
                await Task.Run(() => collector.Collect(), CancellationToken.None);
        }
    }

    /// <summary>The tags of a repository here, for a push of all of them.</summary>
    /// <exception cref="EngineException">NotFound: there are none</exception>
    public IReadOnlyList<string> TagsOf(string repository)
    {
        var name = Name(repository).WithoutTag();
        var tags = Store.NamesOf(name.Repository).Where(n => n.Name.Digest is null).Select(n => n.Name.Tag!).ToList();
        return tags.Count > 0
            ? tags
            : throw EngineException.NotFound($"An image does not exist locally with the tag: {name.FamiliarRepository}");
    }

    internal static Reference Name(string reference) =>
        Reference.TryParse(reference, out var name, out var error) ? name : throw EngineException.Invalid(error);

    void Announce(string action, Reference name) =>
        events.Publish(
            "image",
            action,
            name.Familiar,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = name.FamiliarRepository }
        );

    /// <summary>One call at a time, and none after the end.</summary>
    sealed class OrderedProgress(Action<TransferProgress> progress) : IDisposable
    {
        readonly Lock gate = new();
        bool ended;

        public void Report(TransferProgress step)
        {
            lock (gate)
                if (!ended)
                    progress(step);
        }

        public void Dispose()
        {
            lock (gate)
                ended = true;
        }
    }
}
