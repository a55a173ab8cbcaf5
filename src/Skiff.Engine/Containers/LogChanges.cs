// Wakes those who follow logs: one inotify instance and one thread for the whole engine, from the first follower on.
using Skiff.Linux.Files;

namespace Skiff.Engine.Containers;

/// <summary>Who watches a directory is woken after each change in it. Safe for use by many threads.</summary>
internal static class LogChanges
{
    static readonly Lock Gate = new();
    static readonly Dictionary<int, Watched> ByNumber = [];
    static Inotify? inotify;

    /// <exception cref="Skiff.Linux.ErrnoException">ENOENT: there is no such directory; ENOSPC: too many watches</exception>
    internal static LogChange Watch(string directory)
    {
        lock (Gate)
        {
            if (inotify is null)
            {
                var made = new Inotify();
                new Thread(() => Serve(made)) { IsBackground = true, Name = "log changes" }.Start();
                inotify = made;
            }
            int number = inotify.Watch(directory);
            if (!ByNumber.TryGetValue(number, out var watched))
                ByNumber[number] = watched = new Watched();
            var change = new LogChange(number);
            watched.Changes.Add(change);
            return change;
        }
    }

    internal static void Unwatch(LogChange change)
    {
        lock (Gate)
        {
            if (!ByNumber.TryGetValue(change.Number, out var watched) || !watched.Changes.Remove(change))
                return;
            if (watched.Changes.Count > 0)
                return;
            ByNumber.Remove(change.Number);
            inotify!.Unwatch(change.Number);
        }
    }

    static void Serve(Inotify events)
    {
        var changed = new HashSet<int>();
        while (true)
        {
            changed.Clear();
            events.Read(changed);
            lock (Gate)
                foreach (var (number, watched) in ByNumber)
                    if (changed.Contains(number) || changed.Contains(Inotify.Everything))
                        foreach (var change in watched.Changes)
                            change.Signal();
        }
    }

    sealed class Watched
    {
        internal List<LogChange> Changes { get; } = [];
    }
}

/// <summary>One follower's wait. Remembers one change while nobody waits.</summary>
internal sealed class LogChange(int number) : IDisposable
{
    readonly SemaphoreSlim changed = new(0);

    internal int Number { get; } = number;

    internal void Signal()
    {
        // Only the serving thread releases, so this cannot pass one.
        if (changed.CurrentCount == 0)
            changed.Release();
    }

    internal Task WaitAsync(CancellationToken cancellation) => changed.WaitAsync(cancellation);

    public void Dispose() => LogChanges.Unwatch(this);
}
