// Gives back the links and leases of sandboxes that ended, after their namespaces are really gone.
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks;

/// <summary>
/// A veth pair dies with its namespace, some milliseconds after the last process; removing it by hand takes longer
/// and holds the kernel's lock. So it is left alone for a moment, and removed only if something else (a debugger,
/// nsenter) still holds the namespace. The address is free again after its link is gone, not before.
/// </summary>
internal sealed class LinkSweeper(EngineTasks background, NetworkStore store, NetlinkSocket host, Action<Lease> released)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    const int Patience = 3;

    readonly Lock gate = new();
    readonly Dictionary<Lease, int> waiting = [];
    readonly SemaphoreSlim sweeping = new(1);
    bool running;

    /// <summary>Gives it back soon.</summary>
    internal void Add(IEnumerable<Lease> leases)
    {
        lock (gate)
        {
            foreach (var lease in leases)
                waiting.TryAdd(lease, 0);
            if (running || waiting.Count == 0)
                return;
            running = true;
        }
        background.Run(RunAsync);
    }

    /// <summary>Gives back everything that waits, now.</summary>
    internal Task FlushAsync() => SweepAsync(patience: 0);

    async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause);
                await SweepAsync(Patience);
                lock (gate)
                    if (waiting.Count == 0)
                    {
                        running = false;
                        return;
                    }
            }
        }
        catch
        {
            // What waits goes on waiting until the next container ends; the journal knows it.
            lock (gate)
                running = false;
            throw;
        }
    }

    async Task SweepAsync(int patience)
    {
        await sweeping.WaitAsync();
        try
        {
            KeyValuePair<Lease, int>[] now;
            lock (gate)
                now = [.. waiting];
            var gone = new List<Lease>();
            foreach (var (lease, seen) in now)
            {
                if (Links.Find(host, lease.Link) is not null)
                {
                    if (seen < patience)
                    {
                        lock (gate)
                            waiting[lease] = seen + 1;
                        continue;
                    }
                    Links.TryDelete(host, lease.Link); // 20 to 35 ms: never while a user waits
                }
                gone.Add(lease);
            }
            if (gone.Count == 0)
                return;
            store.GiveBack(gone);
            lock (gate)
                gone.ForEach(l => waiting.Remove(l));
            gone.ForEach(released);
        }
        finally
        {
            sweeping.Release();
        }
    }
}
