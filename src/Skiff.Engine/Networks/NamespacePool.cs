// Network namespaces made ahead of need: loopback up, sockets open, nothing else in them.
using System.Collections.Concurrent;
using Skiff.Engine.Networks.Dns;
using Skiff.Linux;
using Skiff.Linux.Netlink;

namespace Skiff.Engine.Networks;

/// <summary>A namespace that belongs to nobody yet, with the sockets that were opened inside it.</summary>
internal sealed class ReadyNamespace(Fd descriptor, NetlinkSocket netlink, DnsSockets dns) : IDisposable
{
    internal Fd Descriptor { get; } = descriptor;
    internal NetlinkSocket Netlink { get; } = netlink;
    internal DnsSockets Dns { get; } = dns;

    internal static Task<ReadyNamespace> MakeAsync() =>
        NetworkNamespace.CreateAsync(descriptor =>
        {
            // As on Docker's networks without IPv6: no address, and no router that a neighbour could pretend to be.
            // Loopback exists already and keeps ::1. A kernel without IPv6 has no such file.
            if (File.Exists("/proc/sys/net/ipv6/conf/default/disable_ipv6"))
                KernelFile.Write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
            var netlink = NetlinkSocket.Open();
            try
            {
                var batch = new NetlinkBatch();
                Links.SetUp(batch, "lo");
                netlink.Send(batch);
                return new ReadyNamespace(descriptor, netlink, DnsSockets.Open(again: false));
            }
            catch
            {
                netlink.Dispose();
                throw;
            }
        });

    public void Dispose()
    {
        Netlink.Dispose();
        Dns.Dispose();
        Descriptor.Dispose();
    }
}

/// <summary>Keeps a few namespaces ready. One that cannot be made ahead is made on demand, where its error is told.</summary>
internal sealed class NamespacePool(EngineTasks background, int size) : IDisposable
{
    readonly ConcurrentQueue<ReadyNamespace> ready = new();
    int filling;
    volatile bool closed;

    internal async Task<ReadyNamespace> TakeAsync() => ready.TryDequeue(out var made) ? made : await ReadyNamespace.MakeAsync();

    /// <summary>Makes what is missing, in the background.</summary>
    internal void Fill()
    {
        if (closed || ready.Count >= size || Interlocked.Exchange(ref filling, 1) == 1)
            return;
        background.Run(async () =>
        {
            try
            {
                while (!closed && ready.Count < size)
                    ready.Enqueue(await ReadyNamespace.MakeAsync());
            }
            finally
            {
                Volatile.Write(ref filling, 0);
            }
            if (closed)
                Drain();
        });
    }

    public void Dispose()
    {
        closed = true;
        Drain();
    }

    void Drain()
    {
        while (ready.TryDequeue(out var made))
            made.Dispose();
    }
}
