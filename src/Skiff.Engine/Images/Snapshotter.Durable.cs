// What of the unpacked layers survives a power failure: synced in the background, unpacked again if it came before.
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Skiff.Engine.Storage;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images;

/// <remarks>
/// A pull does not wait for the files of its layers: its blobs are on the disk, so a layer can be made again. Until one
/// syncfs(2) has written a layer, its row names the boot (random/boot_id, proc_sys_kernel(5)) that it was written in.
/// </remarks>
public sealed partial class Snapshotter
{
    // Of this boot of the machine.
    readonly string boot;

    // The kernel writes by itself within half a minute (dirty_expire_centisecs, proc_sys_vm(5)): a sync after that finds
    // little to do and holds nobody up, as one right after a pull would.
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(40);

    readonly ManualResetEventSlim syncNow = new();
    bool syncWanted;
    bool syncStopped;
    Task? syncing;

    /// <summary>Has all unpacked layers written to the disk, soon. Returns at once.</summary>
    internal void SyncSoon()
    {
        lock (gate)
        {
            if (syncStopped || !layers.Values.Any(IsUnsynced))
                return;
            syncWanted = true;
            // It waits for the disk, perhaps for seconds.
            syncing ??= Task.Factory.StartNew(
                SyncWhileWanted,
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
        }
    }

    /// <summary>Does now what SyncSoon began, and waits for it; for tests.</summary>
    internal async Task SyncedAsync()
    {
        Task running;
        lock (gate)
            running = syncing ?? Task.CompletedTask;
        syncNow.Set();
        await running;
        syncNow.Reset();
    }

    async Task StopSyncingAsync()
    {
        lock (gate)
        {
            syncStopped = true;
            syncWanted = false;
        }
        await SyncedAsync();
        syncNow.Dispose();
    }

    void SyncWhileWanted()
    {
        while (true)
        {
            syncNow.Wait(Settling);
            List<KeyValuePair<Digest, LayerRecord>> unsynced;
            lock (gate)
            {
                if (!syncWanted)
                {
                    syncing = null;
                    return;
                }
                syncWanted = false;
                unsynced = [.. layers.Where(l => IsUnsynced(l.Value))];
            }
            bool failed = false;
            try
            {
                AtomicFile.SyncFileSystem(Directory);
            }
            catch (ErrnoException)
            {
                // The kernel tells a lost write once: a later sync must not call these layers good.
                failed = true;
            }
            try
            {
                foreach (var (chainId, written) in unsynced)
                    Replace(chainId, written, failed ? written with { SyncFailed = true } : written with { UnsyncedBoot = null });
            }
            catch (SqliteException)
            {
                // The rows say less than is true: after a power failure the layers are unpacked again for nothing.
            }
        }
    }

    /// <summary>Changes a layer's row, unless the layer was removed meanwhile, or even unpacked anew.</summary>
    void Replace(Digest chainId, LayerRecord old, LayerRecord now)
    {
        string json = JsonSerializer.Serialize(now, ImageJson.Default.LayerRecord);
        database.Write(connection =>
        {
            lock (gate)
            {
                if (!layers.TryGetValue(chainId, out var found) || !ReferenceEquals(found, old))
                    return;
                layers[chainId] = now;
            }
            using var row = Database.Prepare(
                connection,
                "UPDATE snapshots SET record = ?2 WHERE key = ?1",
                chainId.ToString(),
                json
            );
            row.ExecuteNonQuery();
        });
    }

    static bool IsUnsynced(LayerRecord layer) => layer.UnsyncedBoot is not null && layer.SyncFailed is not true;

    /// <summary>
    /// Whether the machine went down before a layer was synced. After a mere kill of the engine the kernel has all of it.
    /// </summary>
    bool MayBeDamaged(LayerRecord layer) => layer.UnsyncedBoot is { } written && written != boot;
}
