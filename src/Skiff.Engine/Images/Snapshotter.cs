// Unpacked layers of images and writable layers of containers. Never mounts: it says what to mount.
using System.Text.Json;
using Skiff.Engine.Storage;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <summary>
/// Two kinds of directories below StateLayout.Snapshots: "HEX/fs" is an unpacked layer with the chain id HEX, never
/// changed once it has its name; "KEY/upper" and "KEY/work" are a container's writable layer. Each has a row.
/// </summary>
public sealed partial class Snapshotter : IAsyncDisposable
{
    const string EmptyLayer = "empty";

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

    public async ValueTask DisposeAsync()
    {
        await StopSyncingAsync();
        await trash.DisposeAsync();
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

    /// <summary>Waits for the background removal; for tests.</summary>
    internal Task EmptyTrashAsync() => trash.EmptyAsync();

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
}
