// Resource use of containers: one sampler for all who watch, which rests while nobody does.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Skiff.Engine.Bundles;
using Skiff.Linux;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Containers;

/// <summary>Samples each watched container once a second, however many watch it.</summary>
public sealed class StatsService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly ContainerStore store;
    readonly Func<Container, string> cgroupPath;
    readonly EngineTasks background;
    readonly IReadOnlyList<CgroupHierarchy> hierarchies = CgroupHierarchy.Detect();
    readonly int onlineCpus = (int)HostFacts.OnlineCpus().Count;
    readonly ulong machineMemory = MachineMemory();
    readonly Lock gate = new();
    readonly Dictionary<string, Watched> watched = new(StringComparer.Ordinal);
    bool sampling;

    internal StatsService(ContainerStore store, Func<Container, string> cgroupPath, EngineTasks background)
    {
        this.store = store;
        this.cgroupPath = cgroupPath;
        this.background = background;
    }

    /// <summary>How many containers are watched now; 0 means that nothing runs here.</summary>
    internal int WatchedCount
    {
        get
        {
            lock (gate)
                return watched.Count;
        }
    }

    /// <summary>One sample now; null if the container does not run.</summary>
    /// <exception cref="EngineException">NotFound</exception>
    public ContainerSample? Once(string nameOrId)
    {
        var container = store.Get(nameOrId).Record;
        return Sample(container, Host());
    }

    /// <summary>
    /// A sample a second until cancelled or the container is removed; null while it does not run. The first comes at
    /// once. A reader that is slow misses samples.
    /// </summary>
    /// <exception cref="EngineException">NotFound</exception>
    public IAsyncEnumerable<ContainerSample?> WatchAsync(string nameOrId, CancellationToken cancellation) =>
        WatchAsync(store.Get(nameOrId), cancellation);

    async IAsyncEnumerable<ContainerSample?> WatchAsync(
        LiveContainer live,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var channel = Channel.CreateBounded<ContainerSample?>(
            new BoundedChannelOptions(2) { FullMode = BoundedChannelFullMode.DropOldest }
        );
        Add(live, channel);
        try
        {
            await foreach (var sample in channel.Reader.ReadAllAsync(cancellation))
                yield return sample;
        }
        finally
        {
            Remove(live, channel);
        }
    }

    void Add(LiveContainer live, Channel<ContainerSample?> channel)
    {
        bool start;
        lock (gate)
        {
            if (!watched.TryGetValue(live.Id, out var entry))
                watched[live.Id] = entry = new Watched(live);
            entry.Watchers.Add(channel);
            // Younger than the interval: the next one makes a pair with it.
            if (entry.HasLast)
                channel.Writer.TryWrite(entry.Last);
            start = !sampling;
            sampling = true;
        }
        if (start)
            background.Run(SampleAllAsync);
    }

    void Remove(LiveContainer live, Channel<ContainerSample?> channel)
    {
        lock (gate)
            if (watched.TryGetValue(live.Id, out var entry) && entry.Watchers.Remove(channel) && entry.Watchers.Count == 0)
                watched.Remove(live.Id);
    }

    async Task SampleAllAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        do
        {
            Watched[] all;
            lock (gate)
            {
                if (watched.Count == 0)
                {
                    sampling = false;
                    return;
                }
                all = [.. watched.Values];
            }
            var host = Host();
            foreach (var entry in all)
                Publish(entry, Sample(entry.Live.Record, host));
        } while (await timer.WaitForNextTickAsync());
    }

    void Publish(Watched entry, ContainerSample? sample)
    {
        bool gone = entry.Live.Removed.IsCompleted;
        lock (gate)
        {
            entry.Last = sample;
            entry.HasLast = true;
            foreach (var watcher in entry.Watchers)
                if (gone)
                    watcher.Writer.TryComplete();
                else
                    watcher.Writer.TryWrite(sample);
        }
    }

    HostUse Host() => new(CgroupCounters.SystemCpuNanoseconds(), onlineCpus, machineMemory);

    ContainerSample? Sample(Container container, HostUse host)
    {
        if (!container.State.IsRunning)
            return null;
        try
        {
            return ContainerSample.Of(
                CgroupCounters.Read(new Cgroup(hierarchies, cgroupPath(container))),
                container.Host.NetworkMode == "host" ? null : InterfaceCounters.Of(container.State.Pid),
                host
            );
        }
        catch (ErrnoException)
        {
            return null; // it has just ended
        }
    }

    // proc_meminfo(5): "MemTotal:       24689232 kB"
    static ulong MachineMemory()
    {
        string line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return ulong.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    sealed class Watched(LiveContainer live)
    {
        internal LiveContainer Live { get; } = live;
        internal List<Channel<ContainerSample?>> Watchers { get; } = [];
        internal ContainerSample? Last { get; set; }
        internal bool HasLast { get; set; }
    }
}
