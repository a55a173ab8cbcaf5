// The volumes of this engine and their verbs: create, find, remove, prune.
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Skiff.Engine.Events;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Engine.Volumes;

/// <summary>Named directories that containers mount. Only the local driver; texts of errors are Docker's.</summary>
public sealed partial class VolumeService
{
    const string Driver = "local";
    const int LongestName = 255;

    readonly StateLayout layout;
    readonly Journal journal;
    readonly EventBus events;
    readonly VolumeStore store;
    readonly Lock gate = new();

    /// <summary>Volumes that a creation of a container counts on, until its record says so.</summary>
    readonly Dictionary<string, int> claimed = new(StringComparer.Ordinal);

    internal VolumeService(StateLayout layout, Database database, Journal journal, EventBus events)
    {
        this.layout = layout;
        this.journal = journal;
        this.events = events;
        store = new VolumeStore(database);
    }

    /// <summary>Ids of the containers, running or not, that mount a volume.</summary>
    internal Func<string, IReadOnlyList<string>> UsedBy { get; set; } = _ => [];

    public IReadOnlyList<Volume> List()
    {
        lock (gate)
            return [.. store.All.OrderBy(v => v.Name, StringComparer.Ordinal)];
    }

    /// <exception cref="EngineException">NotFound</exception>
    public Volume Get(string name)
    {
        lock (gate)
            return store.Find(name) ?? throw EngineException.NotFound($"get {name}: no such volume");
    }

    /// <summary>Where its data is on this host.</summary>
    public string PathOf(string name) => layout.Volume(name);

    public IReadOnlyList<string> UsersOf(Volume volume) => UsedBy(volume.Name);

    /// <summary>Bytes of its files.</summary>
    public long Bytes(Volume volume, CancellationToken cancellation) => VolumeTree.Bytes(PathOf(volume.Name), cancellation);

    /// <summary>Makes a volume; one that has the name already is as good.</summary>
    /// <exception cref="EngineException">InvalidParameter: name or options; NotFound: driver; System: the disk is full</exception>
    public Volume Create(VolumeCreate request)
    {
        lock (gate)
            return Ensure(request, out _);
    }

    /// <summary>Removes a volume with its data.</summary>
    /// <param name="force">one that is not there is no error</param>
    /// <exception cref="EngineException">NotFound; Conflict: a container mounts it</exception>
    public void Remove(string name, bool force)
    {
        lock (gate)
            if (force && store.Find(name) is null)
                return;
        Delete(Get(name));
    }

    /// <summary>Removes what no container mounts, as far as it is chosen. Returns names, and the bytes that were in them.</summary>
    public (IReadOnlyList<string> Removed, ulong Bytes) Prune(Func<Volume, bool> chosen, CancellationToken cancellation)
    {
        var removed = new List<string>();
        ulong bytes = 0;
        foreach (var volume in List().Where(v => chosen(v) && UsersOf(v).Count == 0))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                ulong own = (ulong)Bytes(volume, cancellation);
                Delete(volume);
                removed.Add(volume.Name);
                bytes += own;
            }
            catch (EngineException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound)
            {
                // Somebody has taken it, or removed it, meanwhile.
            }
        }
        events.Pruned("volume", bytes);
        return (removed, bytes);
    }

    /// <summary>
    /// Makes what a container is to mount, and keeps it from being removed until the claim is disposed of. What the claim
    /// made and did not keep goes again.
    /// </summary>
    internal VolumeClaim Claim(IReadOnlyList<VolumeCreate> wanted)
    {
        var claim = new VolumeClaim(this);
        try
        {
            lock (gate)
                foreach (var request in wanted)
                {
                    var volume = Ensure(request, out bool isNew);
                    claimed[volume.Name] = claimed.GetValueOrDefault(volume.Name) + 1;
                    claim.Add(volume, isNew);
                }
            return claim;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    internal void Release(IEnumerable<string> names)
    {
        lock (gate)
            foreach (string name in names)
                if (--claimed[name] == 0)
                    claimed.Remove(name);
    }

    /// <summary>Of these, removes the volumes that nobody named and no container mounts any more.</summary>
    internal void RemoveAnonymous(IEnumerable<string> names)
    {
        List<Volume> volumes;
        lock (gate)
            volumes = [.. names.Select(store.Find).OfType<Volume>().Where(v => v.IsAnonymous)];
        RemoveUnused(volumes);
    }

    internal void RemoveUnused(IEnumerable<Volume> volumes)
    {
        foreach (var volume in volumes)
            try
            {
                Delete(volume);
            }
            catch (EngineException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound)
            {
                // Another container has it, or somebody else removed it.
            }
    }

    /// <summary>Finishes removals that a crash cut, and makes directories that a power failure lost.</summary>
    internal void Repair()
    {
        foreach (var entry in journal.OfKind(ResourceKind.Directory).Where(e => IsOurs(e)))
        {
            TreeRemoval.Remove(entry.Resource);
            journal.Strike(entry);
        }
        foreach (var volume in store.All)
            Directory.CreateDirectory(PathOf(volume.Name));
    }

    Volume Ensure(VolumeCreate request, out bool isNew)
    {
        isNew = false;
        string name = request.Name.Length > 0 ? request.Name : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        try
        {
            CheckName(name);
            if (request.Driver is not ("" or Driver))
                throw EngineException.NotFound(
                    $"error looking up volume plugin {request.Driver}: plugin \"{request.Driver}\" not found"
                );
            if (store.Find(name) is { } known)
                return known;
            LocalDriver.Check(request.Options);
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Kind, $"create {name}: {e.Message}", e);
        }
        var labels = request.Labels;
        if (request.Name.Length == 0)
            labels = new Dictionary<string, string>(labels) { [Volume.AnonymousLabel] = "" };
        var volume = new Volume
        {
            Name = name,
            Created = DateTimeOffset.UtcNow,
            Labels = labels,
            Options = request.Options,
        };
        Directory.CreateDirectory(PathOf(name));
        store.Add(volume);
        isNew = true;
        Tell("create", volume);
        return volume;
    }

    void Delete(Volume volume)
    {
        string directory = Path.GetDirectoryName(PathOf(volume.Name))!;
        string trash = Path.Combine(layout.Scratch, $"volume-{Guid.NewGuid():N}");
        lock (gate)
        {
            if (store.Find(volume.Name) is null)
                throw EngineException.NotFound($"get {volume.Name}: no such volume");
            var users = UsersOf(volume);
            if (users.Count > 0)
                throw EngineException.Conflict($"remove {volume.Name}: volume is in use - [{string.Join(", ", users)}]");
            if (claimed.ContainsKey(volume.Name) || mounted.ContainsKey(volume.Name))
                throw EngineException.Conflict($"remove {volume.Name}: volume is in use");
            var entry = new JournalEntry(Owner(volume.Name), ResourceKind.Directory, directory);
            store.Remove(volume, entry);
            seeding.Remove(volume.Name);
            // Out of the way at once: the name is free. What is left after a crash is found in the journal, or in scratch.
            Directory.Move(directory, trash);
            journal.Strike(entry);
        }
        Tell("destroy", volume);
        TreeRemoval.Remove(trash);
    }

    void Tell(string action, Volume volume, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["driver"] = Driver };
        foreach (var (key, value) in attributes)
            all[key] = value;
        events.Publish("volume", action, volume.Name, all);
    }

    static string Owner(string name) => "volume:" + name;

    static bool IsOurs(JournalEntry entry) => entry.Owner.StartsWith(Owner(""), StringComparison.Ordinal);

    static void CheckName(string name)
    {
        if (name.Length == 1)
            throw EngineException.Invalid("volume name is too short, names should be at least two alphanumeric characters");
        if (name.Length > LongestName)
            throw EngineException.Invalid($"volume name is too long: {name.Length} characters, {LongestName} are allowed");
        if (!NamePattern().IsMatch(name))
            throw EngineException.Invalid(
                $"\"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. "
                    + "If you intended to pass a host directory, use absolute path"
            );
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+\\z")]
    private static partial Regex NamePattern();
}
