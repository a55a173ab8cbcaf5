// Looks at everything the store holds: each blob's digest, each layer's files, what is missing, what nobody needs.
using System.Security.Cryptography;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <param name="Subject">"blob sha256:...", "layer sha256:...", "image debian:latest"</param>
/// <param name="Problem">what is wrong with it</param>
/// <param name="Repair">what was done about it; null if nothing was</param>
public sealed record StoreFault(string Subject, string Problem, string? Repair);

/// <param name="Bytes">read to check them</param>
public sealed record StoreReport(int Blobs, int Layers, int Images, long Bytes, IReadOnlyList<StoreFault> Faults);

/// <summary>
/// One check, beside everything else that the engine does: all that is listed is held by a lease meanwhile. A layer is
/// compared with what its blob unpacks to, so it takes the room of the largest layer once more.
/// </summary>
/// <param name="userOf">a container of an image, a running one if there is one, or null</param>
internal sealed class StoreCheck(
    ContentStore content,
    Snapshotter snapshots,
    ImageStore store,
    GarbageCollector collector,
    Database database,
    Func<Digest, ImageUser?> userOf,
    bool repair,
    CancellationToken cancellation
)
{
    readonly List<StoreFault> faults = [];
    readonly HashSet<Digest> damaged = [];
    readonly Dictionary<Digest, string?> layers = [];
    long bytes;

    public StoreReport Run()
    {
        foreach (string problem in database.Read("PRAGMA quick_check", r => r.GetString(0)).Where(p => p != "ok"))
            faults.Add(new StoreFault("the database", problem, null));
        using var lease = content.OpenLease();
        var images = store.List();
        foreach (var image in images)
        {
            foreach (var digest in image.Layers.Select(l => l.Digest).Append(image.Id).Append(image.Manifest.Digest))
                lease.Keep(digest);
            foreach (var chainId in ChainId.Compute(image.Config.RootFs.DiffIds))
                lease.Keep(chainId);
        }
        var unreferenced = collector.Unreferenced();
        int blobs = CheckBlobs();
        foreach (var image in images)
            CheckImage(image);
        foreach (string stray in snapshots.Strays())
        {
            if (repair)
                snapshots.Discard(stray);
            faults.Add(new StoreFault($"directory {stray}", "belongs to no layer and no container", repair ? "removed" : null));
        }
        foreach (var digest in unreferenced)
            faults.Add(new StoreFault($"blob {digest}", "nothing refers to it", repair ? "removed" : null));
        // What was given up above is no longer held.
        lease.Dispose();
        if (repair)
            collector.Collect();
        return new StoreReport(blobs, layers.Count, images.Count, bytes, faults);
    }

    int CheckBlobs()
    {
        int count = 0;
        foreach (var digest in content.All())
        {
            cancellation.ThrowIfCancellationRequested();
            Digest actual;
            try
            {
                using var blob = content.OpenRead(digest);
                actual = Digest.FromSha256(SHA256.HashData(blob));
                bytes += blob.Length;
            }
            catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
            {
                continue; // removed meanwhile
            }
            catch (IOException e)
            {
                damaged.Add(digest);
                faults.Add(new StoreFault($"blob {digest}", $"cannot be read: {e.Message}", null));
                continue;
            }
            count++;
            if (actual != digest)
                damaged.Add(digest);
        }
        return count;
    }

    void CheckImage(Image image)
    {
        string name = $"image {(image.Tags.Count > 0 ? Reference.Parse(image.Tags[0]).Familiar : image.Id.ToString())}";
        foreach (
            var (digest, what) in (ReadOnlySpan<(Digest, string)>)
                [(image.Id, "configuration"), (image.Manifest.Digest, "manifest")]
        )
        {
            string? problem = Problem(digest);
            if (problem is null)
                continue;
            bool used = userOf(image.Id) is not null;
            bool removes = repair && !used;
            if (removes)
                store.Remove(image.Id);
            faults.Add(
                new StoreFault(
                    name,
                    $"its {what} {digest} {problem}: pull or load it again" + (used ? ", once no container uses it" : ""),
                    removes ? "image removed" : null
                )
            );
            return;
        }
        Digest? parent = null;
        foreach (var (layer, diffId) in image.Layers.Zip(image.Config.RootFs.DiffIds))
        {
            var chainId = ChainId.Join(parent, diffId);
            if (Problem(layer.Digest) is { } problem)
            {
                bool removes = repair && damaged.Contains(layer.Digest);
                if (removes)
                    content.Remove(layer.Digest);
                faults.Add(
                    new StoreFault(
                        name,
                        $"its layer blob {layer.Digest} {problem}: pull or load it again, for save and push",
                        removes ? "blob removed" : null
                    )
                );
            }
            else if (!layers.ContainsKey(chainId))
                CheckLayer(image, layer, chainId, diffId, parent);
            parent = chainId;
        }
    }

    string? Problem(Digest blob) =>
        damaged.Contains(blob) ? "is damaged"
        : content.Contains(blob) ? null
        : "is missing";

    void CheckLayer(Image image, Descriptor blob, Digest chainId, Digest diffId, Digest? parent)
    {
        using var unpack = snapshots.BeginUnpack(chainId, parent);
        string? difference;
        try
        {
            using (var stream = content.OpenRead(blob.Digest))
                bytes += unpack.Apply(stream, cancellation).Size;
            if (!snapshots.Contains(chainId))
            {
                if (repair)
                    unpack.Commit(diffId);
                layers[chainId] = "missing";
                faults.Add(new StoreFault($"layer {chainId}", "is not unpacked", repair ? "unpacked" : null));
                return;
            }
            difference = unpack.DifferenceFromExisting(cancellation);
        }
        catch (Exception e) when (e is ErrnoException or EngineException { Kind: not ErrorKind.System })
        {
            difference = e.Message;
        }
        layers[chainId] = difference;
        if (difference is null)
            return;
        // Below a running container nothing may be exchanged: the kernel holds on to what it mounted.
        bool inUse = store
            .List()
            .Any(i => ChainId.Compute(i.Config.RootFs.DiffIds).Contains(chainId) && userOf(i.Id) is { IsRunning: true });
        bool replaces = repair && !inUse;
        if (replaces)
            unpack.ReplaceExisting();
        faults.Add(
            new StoreFault(
                $"layer {chainId} of {image.Id}",
                $"differs from its blob: {difference}" + (inUse ? " (a running container uses it: stop it to repair)" : ""),
                replaces ? "unpacked again" : null
            )
        );
    }
}
