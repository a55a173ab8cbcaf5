// The writable layers of containers: row, journal entry and directories.
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class Snapshotter
{
    // OVL_MAX_STACK of the kernel.
    const int MaxLayers = 500;

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

    /// <summary>Names of the writable layers.</summary>
    internal IReadOnlyList<string> Writables()
    {
        lock (gate)
            return [.. writables.Keys];
    }

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
