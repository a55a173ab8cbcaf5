// Tells when a cgroup runs out of memory, as it happens.
using System.Globalization;
using System.Text;
using Skiff.Linux.Native;
using Skiff.Linux.Sockets;

namespace Skiff.Linux.Cgroups;

/// <summary>
/// Version 1: an eventfd registered for memory.oom_control (cgroup-v1/memory.rst, 10). Version 2: memory.events, which
/// poll(2) tells of (cgroup-v2.rst, Memory Interface Files).
/// </summary>
public sealed class OomWatch : IDisposable
{
    readonly Fd counters;
    readonly Fd? eventfd;
    readonly byte[] buffer = new byte[512];
    long kills;

    OomWatch(Fd counters, Fd? eventfd)
    {
        this.counters = counters;
        this.eventfd = eventfd;
    }

    /// <summary>To be waited for with <see cref="Interest"/>; then call <see cref="Read"/>.</summary>
    public Fd Waited => eventfd ?? counters;

    public EpollEvents Interest => eventfd is null ? EpollEvents.Priority : EpollEvents.In;

    /// <summary>It knows of no kill yet. null: there is no memory controller, or no such cgroup (any more).</summary>
    /// <exception cref="ErrnoException">EMFILE, EACCES</exception>
    public static OomWatch? TryOpen(Cgroup cgroup)
    {
        if (cgroup.Find("memory") is not var (directory, isV2))
            return null;
        Fd? counters = null;
        Fd? eventfd = null;
        try
        {
            counters = FdIo.OpenRead($"{directory}/{(isV2 ? "memory.events" : "memory.oom_control")}");
            if (!isV2)
            {
                eventfd = new Fd((int)Libc.Check(Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK), "eventfd"));
                KernelFile.Write($"{directory}/cgroup.event_control", $"{eventfd.Number} {counters.Number}");
            }
            return new OomWatch(counters, eventfd);
        }
        catch (ErrnoException e)
        {
            counters?.Dispose();
            eventfd?.Dispose();
            if (e.Errno is Errno.ENOENT or Errno.ENODEV)
                return null;
            throw;
        }
    }

    /// <summary>Whether memory ran out since the last call; null: the cgroup is gone.</summary>
    public bool? Read()
    {
        // Version 1 tells before it kills: that it told is what counts.
        bool told = eventfd is not null && FdIo.TryRead(eventfd, buffer.AsSpan(0, 8), out _) == 8;
        int count = FdIo.TryReadFromStart(counters, buffer, out _);
        if (count < 0)
            return null;
        long now = kills;
        foreach (string line in Encoding.ASCII.GetString(buffer.AsSpan(0, count)).Split('\n'))
        {
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                now = long.Parse(line.AsSpan(9), CultureInfo.InvariantCulture);
        }
        bool more = now > kills;
        kills = now;
        return told || more;
    }

    public void Dispose()
    {
        counters.Dispose();
        eventfd?.Dispose();
    }
}
