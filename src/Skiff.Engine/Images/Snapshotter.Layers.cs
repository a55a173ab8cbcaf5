// The unpacked layers: each appears whole, by a rename, and goes when nothing stands on it.
using System.Text.Json;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class Snapshotter
{
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

    int Depth(Digest id, Dictionary<Digest, int> known)
    {
        if (known.TryGetValue(id, out int depth))
            return depth;
        depth = layers[id].Parent is { } parent && layers.ContainsKey(parent) ? Depth(parent, known) + 1 : 0;
        return known[id] = depth;
    }

    string NewScratch() => Path.Combine(unpacking, $"{Guid.NewGuid():N}");

    string LayerPath(Digest chainId) => Path.Combine(Directory, chainId.Hex, "fs");
}
