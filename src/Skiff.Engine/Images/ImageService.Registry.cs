// The verbs on images that talk to registries.
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class ImageService
{
    readonly Hosts hosts;
    readonly Puller puller;
    readonly Pusher pusher;

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

    /// <summary>Pushes what the reference names, ":latest" if it has no tag. Returns the digest and size of the manifest.</summary>
    /// <exception cref="EngineException">as PullAsync; NotFound also where there is no such image here</exception>
    public async Task<(Digest Digest, long Size)> PushAsync(
        string reference,
        RegistryCredentials? credentials,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        var name = Name(reference).WithDefaultTag();
        using var ordered = new OrderedProgress(progress);
        var pushed = await pusher.PushAsync(name, credentials, ordered.Report, cancellation);
        Announce("push", name);
        return pushed;
    }

    static Reference Name(string reference) =>
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
