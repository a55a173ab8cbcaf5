// Writable layers of containers over the unpacked layers of images. Never mounts: it says what to mount.
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Names;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Images;

/// <summary>A container's root: the overlay to mount at "/" and its parts. Directories are absolute, Lowers topmost first.</summary>
public sealed record Snapshot(string Key, IReadOnlyList<string> Lowers, string Upper, string Work)
{
    /// <summary>
    /// What engine and runtime put into every container's root as places for mounts, if the image has them not: no
    /// change of the container's own.
    /// </summary>
    public static readonly IReadOnlySet<string> MountPlaces = new HashSet<string>
    {
        "dev",
        "proc",
        "sys",
        "etc/hosts",
        "etc/hostname",
        "etc/resolv.conf",
    };

    /// <summary>The first mount of a bundle: an overlay with the destination "/".</summary>
    public SpecMount Mount =>
        new()
        {
            Destination = "/",
            Type = "overlay",
            Source = "overlay",
            // One lowerdir+ an entry: fsconfig(2) has no page-size limit on the whole, and paths may hold any character.
            Options = [.. Lowers.Select(l => $"lowerdir+={l}"), $"upperdir={Upper}", $"workdir={Work}"],
        };
}

/// <summary>
/// Two kinds of directories below StateLayout.Snapshots: "HEX/fs" is an unpacked layer with the chain id HEX, never
/// changed once it has its name; "KEY/upper" and "KEY/work" are a container's writable layer. Each has a row.
/// </summary>
public sealed partial class Snapshotter : IAsyncDisposable
{
    const string EmptyLayer = "empty";

    // OVL_MAX_STACK of the kernel.
    const int MaxLayers = 500;

    readonly Database database;
    readonly Trash trash;
    readonly string unpacking;

    // Taken inside a transaction of the database, so never the other way round.
    readonly Lock gate = new();
    readonly Dictionary<Digest, LayerRecord> layers = [];
    readonly Dictionary<string, WritableRecord> writables = [];

    /// <summary>
    /// Reads the rows and repairs what a crash left: scratch is emptied, directories without a row and rows without a
    /// directory go.
    /// </summary>
    public Snapshotter(StateLayout layout, Database database)
    {
        this.database = database;
        Directory = layout.Snapshots;
        unpacking = Path.Combine(layout.Scratch, "unpack");
        System.IO.Directory.CreateDirectory(layout.Scratch);
        System.IO.Directory.CreateDirectory(
            Directory,
            (UnixFileMode)0x1c0 /* 0700 */
        );
        trash = new Trash(layout, ContentStore.IngestName);
        boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        System.IO.Directory.CreateDirectory(unpacking);
        DirectorySpread.TrySet(unpacking);
        // overlayfs wants at least one lower directory, also below a container of an image without layers.
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, EmptyLayer, "fs"));
        Repair();
        SyncSoon();
    }

    /// <summary>The directory of all snapshots.</summary>
    internal string Directory { get; }

    /// <summary>Whether a layer is unpacked, with all below it.</summary>
    public bool Contains(Digest chainId)
    {
        lock (gate)
            return layers.ContainsKey(chainId);
    }

    /// <summary>Bytes of the files of one unpacked layer.</summary>
    /// <exception cref="EngineException">NotFound</exception>
    public long Size(Digest chainId)
    {
        lock (gate)
            return layers.TryGetValue(chainId, out var layer)
                ? layer.Size
                : throw EngineException.NotFound($"layer {chainId} is not unpacked");
    }

    /// <summary>Begins unpacking a layer over the chain <paramref name="parent"/> (null: it is the lowest).</summary>
    /// <param name="chainId">what the layer and its parent must turn out to be</param>
    /// <param name="parent">must be unpacked when this layer is committed</param>
    public LayerUnpack BeginUnpack(Digest chainId, Digest? parent) => new(this, NewScratch(), chainId, parent);

    /// <summary>As the other, for a layer whose DiffId is found out by unpacking.</summary>
    public LayerUnpack BeginUnpack(Digest? parent) => new(this, NewScratch(), null, parent);

    /// <summary>Makes the writable layer of a container over an image. Journaled under <paramref name="key"/>.</summary>
    /// <exception cref="EngineException">Conflict: the key has one; NotFound: a layer is missing</exception>
    public Snapshot Prepare(string key, Image image)
    {
        database.Write(connection => Record(connection, key, image));
        try
        {
            return Make(key);
        }
        catch
        {
            Remove(key);
            throw;
        }
    }

    /// <summary>
    /// The first half of Prepare, inside the caller's transaction: writes row and journal entry. From here on the
    /// layers stay. If the transaction fails, call <see cref="Remove"/>.
    /// </summary>
    public void Record(SqliteConnection connection, string key, Image image)
    {
        CheckKey(key);
        var chain = ChainId.Compute(image.Config.RootFs.DiffIds);
        if (chain.Count > MaxLayers)
            throw EngineException.Invalid($"image {image.Id} has more than {MaxLayers} layers");
        var record = new WritableRecord { Lowers = [.. chain.Reverse()] };
        lock (gate)
        {
            foreach (var chainId in chain)
                if (!layers.ContainsKey(chainId))
                    throw EngineException.NotFound($"layer {chainId} of image {image.Id} is not unpacked");
            if (!writables.TryAdd(key, record))
                throw EngineException.Conflict($"a snapshot named \"{key}\" is there already");
        }
        try
        {
            string json = JsonSerializer.Serialize(record, ImageJson.Default.WritableRecord);
            using var row = Database.Prepare(connection, "INSERT INTO snapshots (key, record) VALUES (?1, ?2)", key, json);
            row.ExecuteNonQuery();
            using var entry = Database.Prepare(
                connection,
                "INSERT OR IGNORE INTO journal (owner, kind, resource) VALUES (?1, ?2, ?3)",
                key,
                ResourceKind.Directory,
                WritablePath(key)
            );
            entry.ExecuteNonQuery();
        }
        catch
        {
            lock (gate)
                writables.Remove(key);
            throw;
        }
    }

    /// <summary>The second half of Prepare: makes the directories. The root of the container looks like the image's.</summary>
    public Snapshot Make(string key)
    {
        var snapshot = Find(key) ?? throw EngineException.NotFound($"no snapshot named \"{key}\"");
        try
        {
            using var all = SafePath.OpenRoot(Directory);
            Require(
                FileAt.TryMakeDirectory(
                    all,
                    Encoding.UTF8.GetBytes(key),
                    0x1c0 /* 0700 */
                ),
                key
            );
            using var own = SafePath.OpenRoot(WritablePath(key));
            Require(
                FileAt.TryMakeDirectory(
                    own,
                    "work"u8,
                    0x1c0 /* 0700 */
                ),
                key
            );
            Require(
                FileAt.TryMakeDirectory(
                    own,
                    "upper"u8,
                    0x1ed /* 0755 */
                ),
                key
            );
            using var lower = SafePath.OpenRoot(snapshot.Lowers[0]);
            var status = FileAt.Status(lower);
            if (status.Uid != 0 || status.Gid != 0)
                FileAt.SetOwner(own, "upper"u8, status.Uid, status.Gid);
            FileAt.SetMode(own, "upper"u8, status.Mode);
            return snapshot;
        }
        catch (Exception e) when (DiskErrors.Applies(e))
        {
            throw DiskErrors.Explain(e, "cannot make the container's layer", Directory);
        }
    }

    /// <summary>The snapshot made by Prepare.</summary>
    public Snapshot? Find(string key)
    {
        WritableRecord? record;
        lock (gate)
            if (!writables.TryGetValue(key, out record))
                return null;
        string path = WritablePath(key);
        IReadOnlyList<string> lowers =
            record.Lowers.Count == 0 ? [Path.Combine(Directory, EmptyLayer, "fs")] : [.. record.Lowers.Select(LayerPath)];
        return new Snapshot(key, lowers, Path.Combine(path, "upper"), Path.Combine(path, "work"));
    }

    /// <summary>Removes a writable layer: renamed away at once, emptied in the background. Idempotent.</summary>
    public void Remove(string key)
    {
        CheckKey(key);
        trash.Add(WritablePath(key));
        database.Write(connection => Forget(connection, key));
        Forgotten(key);
    }

    /// <summary>
    /// As Remove, in two steps round a transaction of the caller: MoveAway, then Forget inside, then Forgotten after
    /// its commit.
    /// </summary>
    public void MoveAway(string key)
    {
        CheckKey(key);
        trash.Add(WritablePath(key));
    }

    /// <summary>Strikes row and journal entry out.</summary>
    public void Forget(SqliteConnection connection, string key)
    {
        using var row = Database.Prepare(connection, "DELETE FROM snapshots WHERE key = ?1", key);
        row.ExecuteNonQuery();
        using var entry = Database.Prepare(
            connection,
            "DELETE FROM journal WHERE owner = ?1 AND kind = ?2 AND resource = ?3",
            key,
            ResourceKind.Directory,
            WritablePath(key)
        );
        entry.ExecuteNonQuery();
    }

    /// <summary>The transaction of Forget is on disk: the layers below are free.</summary>
    public void Forgotten(string key)
    {
        lock (gate)
            writables.Remove(key);
    }

    public async ValueTask DisposeAsync()
    {
        await StopSyncingAsync();
        await trash.DisposeAsync();
    }

    /// <summary>Directories of a chain's layers, topmost first.</summary>
    /// <exception cref="EngineException">NotFound: one is missing</exception>
    internal IReadOnlyList<string> LayersOf(Digest? chainId)
    {
        var paths = new List<string>();
        lock (gate)
        {
            for (var next = chainId; next is { } id; next = layers[id].Parent)
            {
                if (!layers.ContainsKey(id))
                    throw EngineException.NotFound($"layer {id} is not unpacked");
                paths.Add(LayerPath(id));
            }
        }
        return paths;
    }

    internal void Publish(Digest chainId, Digest? parent, UnpackedLayer layer, string scratch)
    {
        var record = new LayerRecord
        {
            Parent = parent,
            DiffId = layer.DiffId,
            Size = layer.Size,
            UnsyncedBoot = boot,
        };
        string json = JsonSerializer.Serialize(record, ImageJson.Default.LayerRecord);
        string place = Path.Combine(Directory, chainId.Hex);
        bool moved = false;
        try
        {
            database.Write(connection =>
            {
                lock (gate)
                {
                    if (layers.ContainsKey(chainId))
                        return;
                    if (parent is { } below && !layers.ContainsKey(below))
                        throw EngineException.NotFound($"layer {below} is not unpacked");
                    System.IO.Directory.Move(scratch, place);
                    moved = true;
                    layers.Add(chainId, record);
                }
                using var row = Database.Prepare(
                    connection,
                    "INSERT INTO snapshots (key, record) VALUES (?1, ?2)",
                    chainId.ToString(),
                    json
                );
                row.ExecuteNonQuery();
            });
        }
        catch
        {
            if (moved)
            {
                lock (gate)
                    layers.Remove(chainId);
                trash.Add(place);
            }
            throw;
        }
        if (!moved)
            trash.Add(scratch);
    }

    /// <summary>
    /// Exchanges the files of a layer. A crash in between leaves a row without a directory, which the next start repairs.
    /// </summary>
    internal void Reinstate(Digest chainId, string scratch)
    {
        string place = Path.Combine(Directory, chainId.Hex);
        lock (gate)
        {
            trash.Add(place);
            System.IO.Directory.Move(scratch, place);
        }
    }

    /// <summary>Directories that no row names.</summary>
    internal IReadOnlyList<string> Strays()
    {
        lock (gate)
        {
            var named = layers.Keys.Select(id => id.Hex).Concat(writables.Keys).Append(EmptyLayer).ToHashSet();
            return
            [
                .. System.IO.Directory.EnumerateDirectories(Directory).Where(path => !named.Contains(Path.GetFileName(path))),
            ];
        }
    }

    /// <summary>Names of the writable layers.</summary>
    internal IReadOnlyList<string> Writables()
    {
        lock (gate)
            return [.. writables.Keys];
    }

    internal void Discard(string scratch) => trash.Add(scratch);

    /// <summary>Every unpacked layer, those above before those below.</summary>
    internal IReadOnlyList<Digest> AllLayers()
    {
        lock (gate)
        {
            var depth = new Dictionary<Digest, int>();
            return [.. layers.Keys.OrderByDescending(id => Depth(id, depth))];
        }
    }

    /// <summary>Removes an unpacked layer, unless a container or another layer stands on it.</summary>
    internal bool TryRemoveLayer(Digest chainId)
    {
        LayerRecord? removed = null;
        try
        {
            database.Write(connection =>
            {
                lock (gate)
                {
                    if (layers.Values.Any(l => l.Parent == chainId) || writables.Values.Any(w => w.Lowers.Contains(chainId)))
                        return;
                    if (!layers.Remove(chainId, out removed))
                        return;
                }
                using var row = Database.Prepare(connection, "DELETE FROM snapshots WHERE key = ?1", chainId.ToString());
                row.ExecuteNonQuery();
                // Before the commit: a row without a directory is repaired, a directory in use by nobody is only lost room.
                trash.Add(Path.Combine(Directory, chainId.Hex));
            });
        }
        catch
        {
            // The directory may be gone already: then only a restart tells what is true.
            if (removed is not null && System.IO.Directory.Exists(Path.Combine(Directory, chainId.Hex)))
                lock (gate)
                    layers.TryAdd(chainId, removed);
            throw;
        }
        return removed is not null;
    }

    /// <summary>Waits for the background removal; for tests.</summary>
    internal Task EmptyTrashAsync() => trash.EmptyAsync();

    int Depth(Digest id, Dictionary<Digest, int> known)
    {
        if (known.TryGetValue(id, out int depth))
            return depth;
        depth = layers[id].Parent is { } parent && layers.ContainsKey(parent) ? Depth(parent, known) + 1 : 0;
        return known[id] = depth;
    }

    void Repair()
    {
        var gone = new List<string>();
        var named = new HashSet<string> { EmptyLayer };
        foreach (var (key, json) in database.Read("SELECT key, record FROM snapshots", r => (r.GetString(0), r.GetString(1))))
        {
            bool isLayer = Digest.TryParse(key, out var chainId);
            string name = isLayer ? chainId.Hex : key;
            var layer = isLayer ? JsonSerializer.Deserialize(json, ImageJson.Default.LayerRecord)! : null;
            if (layer is not null && MayBeDamaged(layer))
            {
                gone.Add(key);
                continue; // its directory has no name now: it goes below
            }
            if (!System.IO.Directory.Exists(Path.Combine(Directory, name)))
                gone.Add(key);
            else if (layer is not null)
                layers.Add(chainId, layer);
            else
                writables.Add(key, JsonSerializer.Deserialize(json, ImageJson.Default.WritableRecord)!);
            named.Add(name);
        }
        // A layer without those below it is no use.
        for (bool changed = true; changed; )
        {
            var orphans = layers.Where(l => l.Value.Parent is { } p && !layers.ContainsKey(p)).Select(l => l.Key).ToList();
            foreach (var orphan in orphans)
            {
                layers.Remove(orphan);
                gone.Add(orphan.ToString());
                named.Remove(orphan.Hex);
            }
            changed = orphans.Count > 0;
        }
        if (gone.Count > 0)
            database.Write(connection =>
            {
                foreach (string key in gone)
                    Forget(connection, key);
            });
        foreach (string path in System.IO.Directory.EnumerateDirectories(Directory).ToList())
            if (!named.Contains(Path.GetFileName(path)))
                trash.Add(path);
    }

    string NewScratch() => Path.Combine(unpacking, $"{Guid.NewGuid():N}");

    string LayerPath(Digest chainId) => Path.Combine(Directory, chainId.Hex, "fs");

    string WritablePath(string key) => Path.Combine(Directory, key);

    // A key is a name of a directory.
    static void CheckKey(string key)
    {
        if (key.Length is 0 or > 200 || key == EmptyLayer || key[0] == '.' || key.AsSpan().ContainsAny('/', '\0', ':'))
            throw new ArgumentException($"invalid snapshot key \"{key}\"");
    }

    static void Require(Errno errno, string key)
    {
        if (errno != Errno.None)
            throw new ErrnoException("mkdirat", key, errno);
    }
}
