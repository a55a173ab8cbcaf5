// What a run takes from the machine and gives back, also after a crash. Part of Lifecycle.
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Linux.Mounts;
using Skiff.Linux.Processes;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed partial class Lifecycle
{
    internal static SandboxRequest SandboxOf(Container container) =>
        new()
        {
            ContainerId = container.Id,
            ContainerName = container.Name,
            Hostname = container.Config.Hostname,
            Networks = container.Networks,
            Dns = container.Host.Dns,
            Ports = PortWishes.Of(container),
        };

    JournalEntry[] Taken(Container container) =>
        [
            // Before the directory that it is in: repair goes by this order.
            .. container.Host.IpcMode == "shareable"
                ? [new JournalEntry(container.Id, ResourceKind.Mount, layout.SharedMemory(container.Id))]
                : Array.Empty<JournalEntry>(),
            new(container.Id, ResourceKind.Directory, layout.Bundle(container.Id)),
            new(container.Id, ResourceKind.Cgroup, bundles.CgroupPath(container)),
        ];

    /// <summary>Gives back what a run takes: network, cgroup, bundle. Idempotent.</summary>
    internal async Task GiveBackAsync(Container container)
    {
        await networks.ReleaseAsync(container.Id, CancellationToken.None);
        volumes.Unmount(container.Id);
        BundleBuilder.RemoveCgroup(bundles.CgroupPath(container));
        if (container.Host.IpcMode == "shareable")
            MountApi.TryDetach(layout.SharedMemory(container.Id));
        if (Directory.Exists(layout.Bundle(container.Id)))
            Directory.Delete(layout.Bundle(container.Id), recursive: true);
        journal.Strike(Taken(container));
    }

    static async Task EndShimAsync(TaskClient task)
    {
        try
        {
            await task.AskAsync<DoneAnswer>(new ShutdownRequest(), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskException or System.Net.Sockets.SocketException)
        {
            // It has ended already: what it would have given back is given back below.
        }
    }

    /// <summary>How a container ended whose shim is gone. A process without its shim is ended: nobody can wait for it.</summary>
    internal ExitAnswer LostExit(Container container)
    {
        if (bundles.ExitRecord(container.Id) is { } record)
            return new ExitAnswer(record.Code, record.OomKilled, record.ExitedAt);
        bool alive = ProcessStat.StartTicks(container.State.Pid) == container.State.StartTicks;
        if (alive)
            BundleBuilder.RemoveCgroup(bundles.CgroupPath(container));
        return new ExitAnswer(alive ? 128 + Signals.SIGKILL : 255, false, DateTimeOffset.UtcNow);
    }

    /// <summary>Ends a container that no record knows to be running.</summary>
    internal static async Task AbandonAsync(TaskClient task)
    {
        try
        {
            await task.AskAsync<DoneAnswer>(new KillRequest(null, Signals.SIGKILL, All: true), CancellationToken.None);
            await task.AskAsync<ExitAnswer>(new WaitRequest(null), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskException or System.Net.Sockets.SocketException)
        {
            // Not started yet, or ended by itself.
        }
        await EndShimAsync(task);
    }
}
