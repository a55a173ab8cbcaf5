// Removing images by Docker's rules: what is untagged, what is deleted, what stands against it.
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// By name: the name goes, and the image with its last name. By id: all names go if they are of one repository. A
/// running container always stands against deleting, a stopped one and further names unless forced.
/// </summary>
sealed class ImageRemover(ImageStore store, GarbageCollector collector)
{
    readonly Lock one = new();

    sealed record Obstacle(string Reason, bool CanBeForced, bool IsContainer);

    public ImageRemoval Remove(Image image, Reference? name, bool force, Func<Digest, ImageUser?> usedBy)
    {
        lock (one)
        {
            // It may have changed while this one waited.
            image = store.Get(image.Id) ?? throw EngineException.NotFound($"No such image: {Short(image.Id)}");
            var untagged = new List<string>();
            bool ignoresNames = name is null && IsSingleRepository(image);
            List<string>? going = null;
            if (name is not null)
            {
                if (!force && IsSingleRepository(image) && usedBy(image.Id) is { } user)
                    throw EngineException.Conflict(
                        $"conflict: unable to remove repository reference \"{name.Familiar}\" (must force) - container "
                            + $"{Short(user.ContainerId)} is using its referenced image {Short(image.Id)}"
                    );
                going = NamesGoingWith(image, name);
                // The last name goes in one step with the image: a crash must not leave an image without a name.
                ignoresNames = image.Tags.Concat(image.RepoDigests).All(going.Contains);
                if (!ignoresNames)
                {
                    Untag(going, untagged);
                    return new ImageRemoval(untagged, []);
                }
            }

            if (FindObstacle(image, ignoresNames, usedBy, force) is { } obstacle)
            {
                // The name was all that was asked for: a container keeps the image, without a name.
                if (going is not null && obstacle.IsContainer)
                {
                    Untag(going, untagged);
                    return new ImageRemoval(untagged, []);
                }
                throw EngineException.Conflict(
                    $"conflict: unable to delete {Short(image.Id)} "
                        + $"({(obstacle.CanBeForced ? "must be forced" : "cannot be forced")}) - {obstacle.Reason}"
                );
            }
            untagged.AddRange((going ?? image.Tags.Concat(image.RepoDigests)).Select(Familiar));
            store.Remove(image.Id);
            var (layers, _) = collector.Collect();
            return new ImageRemoval(untagged, [image.Id, .. layers]);
        }
    }

    static Obstacle? FindObstacle(Image image, bool ignoresNames, Func<Digest, ImageUser?> usedBy, bool force)
    {
        var user = usedBy(image.Id);
        if (user is { IsRunning: true })
            return new Obstacle($"image is being used by running container {Short(user.ContainerId)}", false, true);
        if (force)
            return null;
        if (!ignoresNames && image.Tags.Count + image.RepoDigests.Count > 0)
            return new Obstacle("image is referenced in multiple repositories", true, false);
        return user is null
            ? null
            : new Obstacle($"image is being used by stopped container {Short(user.ContainerId)}", true, true);
    }

    // With the last tag in a repository go the digests in it: they only say where the tag came from.
    static List<string> NamesGoingWith(Image image, Reference name)
    {
        var going = new List<string> { Key(name) };
        if (name.Digest is null && !image.Tags.Any(t => t != going[0] && RepositoryOf(t) == name.Repository))
            going.AddRange(image.RepoDigests.Where(d => RepositoryOf(d) == name.Repository));
        return going;
    }

    void Untag(List<string> names, List<string> untagged)
    {
        store.Untag(names);
        untagged.AddRange(names.Select(Familiar));
    }

    // At most one tag, and no digests but in its repository.
    static bool IsSingleRepository(Image image) =>
        image.Tags.Count <= 1
        && image.Tags.Concat(image.RepoDigests).Select(RepositoryOf).Distinct(StringComparer.Ordinal).Count() <= 1;

    static string Key(Reference name) => (name.Digest is { } digest ? name.WithDigest(digest) : name.WithDefaultTag()).ToString();

    static string RepositoryOf(string name) => Reference.Parse(name).Repository;

    static string Familiar(string name) => Reference.Parse(name).Familiar;

    static string Short(Digest id) => id.Hex[..12];

    static string Short(string id) => id.Length > 12 ? id[..12] : id;
}
