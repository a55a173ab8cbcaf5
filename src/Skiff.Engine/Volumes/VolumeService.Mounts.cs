// Volumes in running containers: what is mounted for them, and what an image puts into an empty one.
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;

namespace Skiff.Engine.Volumes;

/// <summary>A volume in a container.</summary>
/// <param name="Destination">where the container sees it</param>
internal sealed record VolumeUse(string Name, string Destination, bool ReadOnly);

public sealed partial class VolumeService
{
    /// <summary>Volume -> the containers that run with it. One with options is mounted on the host while it stands here.</summary>
    readonly Dictionary<string, HashSet<string>> mounted = new(StringComparer.Ordinal);

    /// <summary>A container starts with these. A volume of a file system of its own is mounted for its first user.</summary>
    /// <exception cref="EngineException">NotFound: it is gone; System: the kernel cannot mount it. What was mounted stays the container's.</exception>
    internal void Mount(string containerId, IReadOnlyList<VolumeUse> uses)
    {
        foreach (var use in uses)
        {
            Volume volume;
            lock (gate)
            {
                volume = store.Find(use.Name) ?? throw EngineException.NotFound($"get {use.Name}: no such volume");
                if (!mounted.TryGetValue(use.Name, out var users))
                {
                    Attach(volume);
                    mounted[use.Name] = users = [];
                }
                users.Add(containerId);
            }
            Tell(
                "mount",
                volume,
                ("container", containerId),
                ("destination", use.Destination),
                ("propagation", ""),
                ("read/write", use.ReadOnly ? "false" : "true")
            );
        }
    }

    /// <summary>The container has ended. Idempotent.</summary>
    internal void Unmount(string containerId)
    {
        var left = new List<Volume>();
        lock (gate)
            foreach (var (name, users) in mounted.ToList())
            {
                if (!users.Remove(containerId))
                    continue;
                if (users.Count == 0)
                {
                    mounted.Remove(name);
                    Detach(name);
                }
                if (store.Find(name) is { } volume)
                    left.Add(volume);
            }
        foreach (var volume in left)
            Tell("unmount", volume, ("container", containerId));
    }

    /// <summary>A container that ran before this engine did, and goes on.</summary>
    internal void Adopt(string containerId, IEnumerable<string> names)
    {
        lock (gate)
            foreach (string name in names)
                (mounted.TryGetValue(name, out var users) ? users : mounted[name] = []).Add(containerId);
    }

    /// <summary>Once all running containers are adopted: takes away what is mounted for nobody.</summary>
    internal void DetachOrphans()
    {
        lock (gate)
            foreach (var entry in journal.OfKind(ResourceKind.Mount).Where(e => IsOurs(e)))
                if (!mounted.ContainsKey(entry.Owner[Owner("").Length..]))
                    Detach(entry);
    }

    /// <summary>
    /// Gives an empty volume what an image has at the place where it is mounted; nothing if the volume holds something,
    /// or the image has no directory there.
    /// </summary>
    /// <param name="root">the root of the image</param>
    /// <exception cref="EngineException">System: the disk is full ...; the volume is empty then</exception>
    internal void Seed(Volume volume, Fd root, string destination, CancellationToken cancellation)
    {
        string path = destination.TrimStart('/');
        var errno = SafePath.TryOpenDirectory(
            root,
            System.Text.Encoding.UTF8.GetBytes(path.Length > 0 ? path : "."),
            Containment.InRoot,
            out var source
        );
        if (errno != Errno.None)
            return;
        using (source)
            lock (SeedGate(volume.Name))
                Seed(volume, source!, cancellation);
    }

    void Seed(Volume volume, Fd source, CancellationToken cancellation)
    {
        string data = PathOf(volume.Name);
        string scratch = Path.Combine(layout.Scratch, $"seed-{Guid.NewGuid():N}");
        try
        {
            lock (gate)
            {
                // Another container may be at work in it, or it is another file system: that one is its users' to fill.
                if (
                    mounted.ContainsKey(volume.Name)
                    || volume.Options.Count > 0
                    || Directory.EnumerateFileSystemEntries(data).Any()
                )
                    return;
            }
            // Aside first: a volume that is half filled would pass for a full one after a crash.
            Directory.CreateDirectory(scratch);
            using (var copy = SafePath.OpenRoot(scratch))
                TreeCopy.Copy(source, copy, itself: true, TreeCopyOptions.Same, cancellation);
            lock (gate)
                if (!mounted.ContainsKey(volume.Name) && !Directory.EnumerateFileSystemEntries(data).Any())
                {
                    Directory.Delete(data); // Repair makes it again
                    Directory.Move(scratch, data);
                }
        }
        catch (ErrnoException e)
        {
            throw new EngineException(
                ErrorKind.System,
                $"failed to copy the image's files into volume {volume.Name}: {e.Message}",
                e
            );
        }
        finally
        {
            TreeRemoval.Remove(scratch);
        }
    }

    readonly Dictionary<string, Lock> seeding = new(StringComparer.Ordinal);

    /// <summary>One at a time fills a volume: who comes second finds it full.</summary>
    Lock SeedGate(string name)
    {
        lock (gate)
            return seeding.TryGetValue(name, out var known) ? known : seeding[name] = new Lock();
    }

    void Attach(Volume volume)
    {
        if (volume.Options.Count == 0)
            return;
        string directory = PathOf(volume.Name);
        var entry = new JournalEntry(Owner(volume.Name), ResourceKind.Mount, directory);
        journal.Take(entry);
        try
        {
            LocalDriver.Mount(volume.Options, directory);
        }
        catch (ErrnoException e)
        {
            journal.Strike(entry);
            throw new EngineException(ErrorKind.System, $"failed to mount local volume {volume.Name}: {e.Message}", e);
        }
    }

    void Detach(string name)
    {
        foreach (var entry in journal.Of(Owner(name)).Where(e => e.Kind == ResourceKind.Mount))
            Detach(entry);
    }

    void Detach(JournalEntry entry)
    {
        var errno = MountApi.TryDetach(entry.Resource);
        if (errno is Errno.None or Errno.EINVAL or Errno.ENOENT)
            journal.Strike(entry);
    }
}
