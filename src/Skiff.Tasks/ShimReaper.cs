// Collects the exit status of ended shims, so that none stays behind as a zombie.
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;

namespace Skiff.Tasks;

/// <summary>
/// One thread that sleeps until a shim ends. It reaps through pidfds only, so it takes no child from anybody else, and
/// it needs no SIGCHLD handler, which the .NET runtime keeps for itself.
/// </summary>
internal static class ShimReaper
{
    static readonly Lock Gate = new();
    static readonly Dictionary<int, Fd> Watched = [];
    static Epoll? epoll;

    /// <summary>Takes over the pidfd of a child: reaps the child when it ends, then closes the pidfd.</summary>
    internal static void Watch(Fd pidfd)
    {
        lock (Gate)
        {
            if (epoll is null)
            {
                epoll = new Epoll();
                new Thread(Run, maxStackSize: 64 << 10) { IsBackground = true, Name = "shim reaper" }.Start();
            }
            Watched.Add(pidfd.Number, pidfd);
            epoll.Add(pidfd, EpollEvents.In, pidfd.Number);
        }
    }

    /// <summary>How many shims are not reaped yet.</summary>
    internal static int Count
    {
        get
        {
            lock (Gate)
                return Watched.Count;
        }
    }

    static void Run()
    {
        EpollReady[] ready = new EpollReady[16];
        while (true)
        {
            int count = epoll!.Wait(ready, -1);
            lock (Gate)
            {
                foreach (EpollReady one in ready.AsSpan(0, count))
                {
                    if (!Watched.Remove(one.Token, out Fd? pidfd))
                        continue;
                    try
                    {
                        Pidfd.TryReap(pidfd);
                    }
                    catch (ErrnoException)
                    {
                        // ECHILD: someone else reaped it; nothing is left to do.
                    }
                    epoll.Remove(pidfd);
                    pidfd.Dispose();
                }
            }
        }
    }
}
