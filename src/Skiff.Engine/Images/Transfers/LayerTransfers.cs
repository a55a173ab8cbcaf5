// Layers on their way from registries into the store: each one once, however many pulls want it.
using Skiff.Engine.Images.Registry;
using Skiff.Oci.Images;
using Skiff.Oci.Names;

namespace Skiff.Engine.Images.Transfers;

/// <summary>A layer of an image to pull.</summary>
/// <param name="Blob">Its compressed form.</param>
/// <param name="ChainId">It and all below it.</param>
/// <param name="Parent">The chain below; null for the lowest.</param>
internal sealed record WantedLayer(Descriptor Blob, Digest DiffId, Digest ChainId, Digest? Parent);

/// <summary>
/// One per engine. A transfer downloads, verifies, stores, decompresses and unpacks at the same time, in one pass. It
/// ends early when nobody waits for it any more; a partial blob stays for the next try.
/// </summary>
internal sealed class LayerTransfers(ContentStore content, Snapshotter snapshots, int maxConcurrent)
{
    sealed class Transfer(LayerProgress progress)
    {
        public LayerProgress Progress { get; } = progress;
        public CancellationTokenSource Stop { get; } = new();
        public Task Work { get; set; } = Task.CompletedTask;
        public int Waiters { get; set; }
    }

    readonly Lock gate = new();
    readonly Dictionary<Digest, Transfer> byChain = [];
    readonly Dictionary<Digest, Task> blobs = [];
    readonly SemaphoreSlim slots = new(maxConcurrent);

    /// <summary>
    /// Brings a layer here, or joins the transfer that does. Call it for the layers of an image lowest first, without
    /// waiting in between: a layer appears after those below it.
    /// </summary>
    /// <exception cref="RegistryException">it cannot be fetched</exception>
    /// <exception cref="EngineException">it cannot be unpacked or stored</exception>
    public Task BringAsync(
        RegistryClient client,
        WantedLayer layer,
        Action<TransferProgress> progress,
        CancellationToken cancellation
    )
    {
        Transfer? transfer;
        lock (gate)
        {
            if (!byChain.TryGetValue(layer.ChainId, out transfer) || transfer.Stop.IsCancellationRequested)
            {
                var begun = new Transfer(new LayerProgress(LayerProgress.ShortId(layer.Blob.Digest)));
                byChain.TryGetValue(layer.Parent ?? default, out var parent);
                begun.Work = Task.Run(() => RunAsync(begun, parent?.Work, client, layer), CancellationToken.None);
                byChain[layer.ChainId] = transfer = begun;
            }
            transfer.Waiters++;
        }
        transfer.Progress.Add(progress);
        return WaitAsync(transfer, progress, cancellation);
    }

    async Task WaitAsync(Transfer transfer, Action<TransferProgress> progress, CancellationToken cancellation)
    {
        try
        {
            await transfer.Work.WaitAsync(cancellation);
        }
        finally
        {
            transfer.Progress.Remove(progress);
            bool alone;
            lock (gate)
            {
                alone = --transfer.Waiters == 0;
                if (alone && !transfer.Work.IsCompleted)
                    transfer.Stop.Cancel();
            }
            // Who gives up last waits until nothing half done is left.
            if (alone)
                await transfer.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task RunAsync(Transfer transfer, Task? parent, RegistryClient client, WantedLayer layer)
    {
        try
        {
            bool continues = content.HasPartial(layer.Blob.Digest);
            try
            {
                await OnceAsync(transfer, parent, client, layer);
            }
            catch (EngineException damage) when (damage.Kind == ErrorKind.DataLoss && continues)
            {
                // What an earlier try left may have suffered, for instance in a power failure. It is gone now.
                await OnceAsync(transfer, parent, client, layer);
            }
            transfer.Progress.Report("Pull complete");
        }
        finally
        {
            lock (gate)
                if (byChain.GetValueOrDefault(layer.ChainId) == transfer)
                    byChain.Remove(layer.ChainId);
        }
    }

    async Task OnceAsync(Transfer transfer, Task? parent, RegistryClient client, WantedLayer layer)
    {
        var cancellation = transfer.Stop.Token;
        var needsUnpacking = !snapshots.Contains(layer.ChainId);
        using var unpack = needsUnpacking ? snapshots.BeginUnpack(layer.ChainId, layer.Parent) : null;
        if (!slots.Wait(0, cancellation))
        {
            transfer.Progress.Report("Waiting");
            await slots.WaitAsync(cancellation);
        }
        try
        {
            await OneAtATimeAsync(
                layer.Blob.Digest,
                () =>
                    content.Contains(layer.Blob.Digest)
                        ? UnpackStoredAsync(layer.Blob, unpack, transfer.Progress, cancellation)
                        : DownloadAsync(client, layer.Blob, unpack, transfer.Progress, cancellation),
                cancellation
            );
        }
        finally
        {
            slots.Release();
        }
        if (unpack is null)
            return;
        if (parent is not null)
            await parent.WaitAsync(cancellation);
        if (layer.Parent is { } below && !snapshots.Contains(below))
            throw new EngineException(ErrorKind.System, $"the layers below {layer.Blob.Digest} are not here");
        unpack.Commit(layer.DiffId);
    }

    // The same blob may be wanted at two places of a chain: the second finds it stored.
    async Task OneAtATimeAsync(Digest blob, Func<Task> work, CancellationToken cancellation)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            Task? other;
            lock (gate)
                if (!blobs.TryGetValue(blob, out other))
                    blobs[blob] = mine.Task;
            if (other is null)
                break;
            await other.WaitAsync(cancellation);
        }
        try
        {
            await work();
        }
        finally
        {
            lock (gate)
                blobs.Remove(blob);
            mine.SetResult();
        }
    }

    Task UnpackStoredAsync(Descriptor blob, LayerUnpack? unpack, LayerProgress progress, CancellationToken cancellation)
    {
        if (unpack is null)
            return Task.CompletedTask;
        return Task.Factory.StartNew(
            () =>
            {
                using var stored = content.OpenRead(blob.Digest);
                using var counted = new CountingStream(stored, n => progress.Report("Extracting", n, blob.Size));
                unpack.Apply(counted, cancellation);
            },
            cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    async Task DownloadAsync(
        RegistryClient client,
        Descriptor blob,
        LayerUnpack? unpack,
        LayerProgress progress,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var pipe = new BlockPipe(stop.Token);
        var unpacking = unpack is null ? Task.CompletedTask : UnpackAsync(pipe, unpack, stop);
        try
        {
            using var writer = content.OpenWriter(blob.Digest, blob.Size);
            // What an earlier try stored is unpacked from there; the registry sends the rest.
            if (writer.Position > 0 && unpack is not null)
                await FeedAsync(writer.ReadBack(), pipe, stop.Token);
            await using var download = new BlobDownload(client, blob, writer.Position, stop.Token);
            progress.Report("Downloading", writer.Position, blob.Size);
            while (true)
            {
                var block = BlockPipe.Rent();
                var count = 0;
                try
                {
                    count = await download.ReadAsync(block.AsMemory(0, BlockPipe.BlockSize), stop.Token);
                    writer.Write(block.AsSpan(0, count));
                    if (count > 0 && unpack is not null)
                    {
                        await pipe.HandOverAsync(block, count);
                        block = null;
                    }
                }
                finally
                {
                    if (block is not null)
                        BlockPipe.Return(block);
                }
                if (count == 0)
                    break;
                progress.Report("Downloading", writer.Position, blob.Size);
            }
            pipe.Complete();
            progress.Report("Verifying Checksum");
            writer.Commit();
            progress.Report("Download complete");
            if (unpack is not null)
                progress.Report("Extracting", blob.Size, blob.Size);
            await unpacking;
        }
        catch (Exception failure)
        {
            await stop.CancelAsync();
            await unpacking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // The unpacking stops the download when it fails: then its reason is the reason.
            if (failure is OperationCanceledException && unpacking.IsFaulted && !cancellation.IsCancellationRequested)
                await unpacking;
            throw;
        }
    }

    static Task UnpackAsync(BlockPipe pipe, LayerUnpack unpack, CancellationTokenSource stop) =>
        Task.Factory.StartNew(
            () =>
            {
                try
                {
                    unpack.Apply(pipe, stop.Token);
                    pipe.CopyTo(Stream.Null);
                }
                catch (EngineException failure) when (failure.Kind == ErrorKind.InvalidParameter)
                {
                    // Damaged on the way, or made so? The digest tells, when all of it is here.
                    pipe.Abandon();
                    throw;
                }
                catch
                {
                    stop.Cancel();
                    throw;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    static async Task FeedAsync(Stream stored, BlockPipe pipe, CancellationToken cancellation)
    {
        await using (stored)
            while (true)
            {
                var block = BlockPipe.Rent();
                var count = await stored.ReadAsync(block.AsMemory(0, BlockPipe.BlockSize), cancellation);
                if (count == 0)
                {
                    BlockPipe.Return(block);
                    return;
                }
                await pipe.HandOverAsync(block, count);
            }
    }
}
