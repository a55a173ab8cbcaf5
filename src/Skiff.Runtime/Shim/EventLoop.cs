// The shim's one wait: descriptors, and what to do when they are ready.
using Skiff.Linux;
using Skiff.Linux.Sockets;

namespace Skiff.Runtime.Shim;

/// <summary>A descriptor in an <see cref="EventLoop"/>, which it owns.</summary>
internal abstract class Watch(Fd fd)
{
    public Fd Fd { get; } = fd;

    /// <summary>The place in the loop's table, or -1.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>null: not in epoll at all.</summary>
    internal EpollEvents? Interest { get; set; }

    /// <summary>The descriptor is ready. Must not throw for anything that the other end can cause.</summary>
    public abstract void OnReady(EpollEvents events);
}

/// <summary>
/// Level-triggered. Error and hang-up are reported even for an interest of None, for ever: a watch that cannot act on
/// them now must have the interest null, which takes it out of epoll.
/// </summary>
/// <param name="fault">told of a handler that threw; its watch is removed, the loop goes on</param>
internal sealed class EventLoop(Action<Exception> fault) : IDisposable
{
    readonly Epoll epoll = new();
    readonly EpollReady[] ready = new EpollReady[32];
    readonly List<Watch?> slots = [];
    readonly Stack<int> free = [];

    // Slots given back while a batch is handled: their events in that batch must not hit a new owner.
    readonly List<int> freed = [];

    /// <summary>Sets what the watch waits for, adding it if it is new.</summary>
    public void Set(Watch watch, EpollEvents? interest)
    {
        if (watch.Slot < 0)
        {
            if (free.TryPop(out int slot))
            {
                slots[slot] = watch;
            }
            else
            {
                slot = slots.Count;
                slots.Add(watch);
            }
            watch.Slot = slot;
            Count++;
        }
        if (watch.Interest == interest)
            return;
        if (interest is not { } events)
            epoll.Remove(watch.Fd);
        else if (watch.Interest is null)
            epoll.Add(watch.Fd, events, watch.Slot);
        else
            epoll.Modify(watch.Fd, events, watch.Slot);
        watch.Interest = interest;
    }

    /// <summary>Takes the watch out; with <paramref name="close"/> its descriptor is closed. Idempotent.</summary>
    public void Remove(Watch watch, bool close = true)
    {
        if (watch.Slot >= 0)
        {
            if (watch.Interest is not null)
                epoll.Remove(watch.Fd);
            watch.Interest = null;
            slots[watch.Slot] = null;
            freed.Add(watch.Slot);
            watch.Slot = -1;
            Count--;
        }
        if (close)
            watch.Fd.Dispose();
    }

    /// <summary>Waits for events and handles them. False if the time passed without any.</summary>
    /// <param name="patience">null: for ever</param>
    public bool RunOnce(TimeSpan? patience)
    {
        int count = epoll.Wait(ready, patience is { } time ? (int)time.TotalMilliseconds : -1);
        for (int i = 0; i < count; i++)
            if (slots[ready[i].Token] is { } watch)
                Handle(watch, ready[i].Events);
        foreach (int slot in freed)
            free.Push(slot);
        freed.Clear();
        return count > 0;
    }

    /// <summary>How many watches there are.</summary>
    public int Count { get; private set; }

    public void Dispose() => epoll.Dispose();

    void Handle(Watch watch, EpollEvents events)
    {
        try
        {
            watch.OnReady(events);
        }
        catch (Exception exception)
        {
            fault(exception);
            Remove(watch);
        }
    }
}
