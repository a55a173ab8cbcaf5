// Network namespaces, held by descriptor. The only place where a thread of a daemon changes its namespace.
using System.Collections.Concurrent;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>
/// Makes and visits network namespaces on one thread that does nothing else. What is opened there (sockets, files of
/// /proc/sys/net) stays in that namespace and is used from any thread. Nothing is mounted: a namespace lives as long
/// as a process, a descriptor or a socket holds it. network_namespaces(7).
/// </summary>
public static class NetworkNamespace
{
    static readonly Lock Gate = new();
    static BlockingCollection<Action<Visitor>>? visits;

    /// <summary>Makes a namespace and runs <paramref name="inside"/> in it, given the namespace's descriptor.</summary>
    /// <exception cref="ErrnoException">EPERM; ENOSPC: too many namespaces (user.max_net_namespaces)</exception>
    public static Task<T> CreateAsync<T>(Func<Fd, T> inside) =>
        VisitAsync(visitor =>
        {
            Libc.Check(Libc.Call(Syscall.unshare, (nint)NamespaceKinds.Network), "unshare", "network namespace");
            visitor.IsAway = true;
            Fd made = NamespaceFile.Open("/proc/thread-self/ns/net");
            try
            {
                return inside(made);
            }
            catch
            {
                made.Dispose();
                throw;
            }
        });

    /// <summary>Runs <paramref name="inside"/> in a namespace.</summary>
    /// <exception cref="ErrnoException">EINVAL: not a network namespace; EPERM</exception>
    public static Task<T> EnterAsync<T>(Fd networkNamespace, Func<T> inside) =>
        VisitAsync(visitor =>
        {
            NamespaceFile.Enter(networkNamespace, NamespaceKinds.Network);
            visitor.IsAway = true;
            return inside();
        });

    /// <summary>The network namespace of a process.</summary>
    /// <exception cref="ErrnoException">ENOENT: there is no such process</exception>
    public static Fd OpenOf(int pid) => NamespaceFile.Open($"/proc/{pid}/ns/net");

    static Task<T> VisitAsync<T>(Func<Visitor, T> visit)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Gate)
        {
            if (visits is null)
            {
                visits = [];
                var queue = visits;
                new Thread(() => Serve(queue)) { IsBackground = true, Name = "network namespaces" }.Start();
            }
            visits.Add(visitor =>
            {
                try
                {
                    T result = visit(visitor);
                    visitor.ComeBack();
                    done.SetResult(result);
                }
                catch (Exception e)
                {
                    visitor.ComeBack();
                    done.SetException(e);
                }
            });
        }
        return done.Task;
    }

    static void Serve(BlockingCollection<Action<Visitor>> queue)
    {
        using var visitor = new Visitor();
        foreach (var visit in queue.GetConsumingEnumerable())
            visit(visitor);
    }

    /// <summary>The thread's way home.</summary>
    sealed class Visitor : IDisposable
    {
        readonly Fd home = NamespaceFile.Open("/proc/thread-self/ns/net");

        internal bool IsAway { get; set; }

        internal void ComeBack()
        {
            if (!IsAway)
                return;
            try
            {
                NamespaceFile.Enter(home, NamespaceKinds.Network);
            }
            catch (ErrnoException e)
            {
                // Going on would do the host's work in a container's namespace.
                Environment.FailFast("a thread cannot return to its network namespace", e);
            }
            IsAway = false;
        }

        public void Dispose() => home.Dispose();
    }
}
