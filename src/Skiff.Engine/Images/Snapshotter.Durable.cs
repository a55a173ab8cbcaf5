// What of the unpacked layers survives a power failure: synced once an image, not once a file.
using System.Text.Json;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

public sealed partial class Snapshotter
{
    // proc_sys_kernel(5): another one after each boot of the machine.
    readonly string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>
    /// Returns when all files of a chain's layers are on the disk; at once if they are known to be. To be called before
    /// an image that stands on them is recorded. syncfs(2).
    /// </summary>
    /// <exception cref="EngineException">System: the disk failed or is full; what it may have lost is removed</exception>
    internal void MakeDurable(IReadOnlyList<Digest> chain)
    {
        List<KeyValuePair<Digest, LayerRecord>> unsynced;
        lock (gate)
        {
            unsynced = [.. layers.Where(l => l.Value.UnsyncedBoot is not null)];
            if (!unsynced.Any(l => chain.Contains(l.Key)))
                return;
        }
        try
        {
            AtomicFile.SyncFileSystem(Directory);
        }
        catch (ErrnoException e)
        {
            // The kernel tells a lost write once: a later sync would call the same layers good.
            foreach (var chainId in AllLayers().Where(id => unsynced.Any(l => l.Key == id && IsStill(l.Key, l.Value))))
                TryRemoveLayer(chainId);
            throw DiskErrors.Applies(e)
                ? DiskErrors.Explain(e, "cannot store the layer", Directory)
                : new EngineException(ErrorKind.System, $"cannot store the layer: {e.Message}", e);
        }
        var synced = unsynced.ToDictionary(l => l.Key, l => l.Value with { UnsyncedBoot = null });
        // A layer may have been removed meanwhile, and even unpacked anew: that one was not synced.
        database.Write(connection =>
        {
            foreach (var (chainId, old) in unsynced)
            {
                if (!IsStill(chainId, old))
                    continue;
                string json = JsonSerializer.Serialize(synced[chainId], ImageJson.Default.LayerRecord);
                using var row = Database.Prepare(
                    connection,
                    "UPDATE snapshots SET record = ?2 WHERE key = ?1",
                    chainId.ToString(),
                    json
                );
                row.ExecuteNonQuery();
            }
        });
        lock (gate)
            foreach (var (chainId, old) in unsynced)
                if (layers.TryGetValue(chainId, out var now) && ReferenceEquals(now, old))
                    layers[chainId] = synced[chainId];
    }

    bool IsStill(Digest chainId, LayerRecord record)
    {
        lock (gate)
            return layers.TryGetValue(chainId, out var now) && ReferenceEquals(now, record);
    }

    /// <summary>
    /// Whether the machine went down before a layer was synced. After a mere kill of the engine the kernel has all of it.
    /// </summary>
    bool MayBeDamaged(LayerRecord layer) => layer.UnsyncedBoot is { } written && written != boot;
}
