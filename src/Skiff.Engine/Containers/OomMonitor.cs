// Tells that a container runs out of memory when it does, not when it ends: one thread for the whole engine.
using Skiff.Linux.Cgroups;
using Skiff.Linux.Sockets;

namespace Skiff.Engine.Containers;

/// <summary>Publishes "oom" and records OOMKilled, for the first process and all others of a container alike.</summary>
internal sealed class OomMonitor(
    ContainerStore store,
    Func<Container, string> cgroupPath,
    ContainerEvents events,
    EngineTasks background
) : IDisposable
{
    readonly IReadOnlyList<CgroupHierarchy> hierarchies = CgroupHierarchy.Detect();
    readonly Lock gate = new();
    readonly Dictionary<int, (LiveContainer Live, OomWatch Watch)> watched = [];
    Epoll? epoll;
    int lastToken;
    bool closed;

    /// <summary>Watches this run of a container. Without a watch its end still tells.</summary>
    internal void Begin(LiveContainer live)
    {
        lock (gate)
        {
            if (closed || OomWatch.TryOpen(new Cgroup(hierarchies, cgroupPath(live.Record))) is not { } watch)
                return;
            if (epoll is null)
            {
                var made = epoll = new Epoll();
                new Thread(() => Serve(made)) { IsBackground = true, Name = "out of memory" }.Start();
            }
            int token = ++lastToken;
            watched[token] = (live, watch);
            epoll.Add(watch.Waited, watch.Interest, token);
            // What happened before is told now, unless an engine before this one told it.
            if (watch.Read() == true && !live.Record.State.OomKilled)
                Tell(live);
        }
    }

    /// <summary>The run has ended. Idempotent.</summary>
    internal void End(LiveContainer live)
    {
        lock (gate)
            foreach (var (token, entry) in watched)
                if (entry.Live == live)
                {
                    Remove(token, entry.Watch);
                    return;
                }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true; // the thread stays with the process
            foreach (var (token, entry) in watched.ToArray())
                Remove(token, entry.Watch);
        }
    }

    void Serve(Epoll waiting)
    {
        var ready = new EpollReady[32];
        while (true)
        {
            int count = waiting.Wait(ready, -1);
            lock (gate)
                foreach (var one in ready.AsSpan(0, count))
                    if (watched.TryGetValue(one.Token, out var entry))
                        switch (entry.Watch.Read())
                        {
                            case true:
                                Tell(entry.Live);
                                break;
                            case null:
                                Remove(one.Token, entry.Watch);
                                break;
                        }
        }
    }

    void Remove(int token, OomWatch watch)
    {
        watched.Remove(token);
        epoll!.Remove(watch.Waited);
        watch.Dispose();
    }

    void Tell(LiveContainer live)
    {
        var run = live.Record.State.StartedAt;
        background.Run(async () =>
        {
            using (await live.LockAsync(CancellationToken.None))
            {
                var container = live.Record;
                // If it has ended meanwhile, its end has told.
                if (!container.State.IsRunning || container.State.StartedAt != run)
                    return;
                store.Save(live, container with { State = container.State with { OomKilled = true } });
                events.Publish(container, "oom");
            }
        });
    }
}
