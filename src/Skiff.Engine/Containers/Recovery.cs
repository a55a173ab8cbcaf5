// What happens to containers when the engine starts: running ones are taken over, ended ones recorded, leftovers given back.
using Skiff.Engine.Networks;
using Skiff.Engine.Storage;
using Skiff.Engine.Volumes;
using Skiff.Linux.Mounts;
using Skiff.Tasks;

namespace Skiff.Engine.Containers;

internal sealed class Recovery(
    StateLayout layout,
    Journal journal,
    ContainerStore store,
    Lifecycle lifecycle,
    NetworkService networks,
    VolumeService volumes
)
{
    /// <summary>Adopts, then repairs: afterwards records, journal and kernel agree.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var live in store.All())
            await AdoptAsync(live, cancellation);
        volumes.DetachOrphans();
        await GiveBackOrphansAsync(cancellation);
        foreach (var live in store.All())
            await lifecycle.RestoreAsync(live);
    }

    async Task AdoptAsync(LiveContainer live, CancellationToken cancellation)
    {
        var container = live.Record;
        var task = await TaskClient.TryConnectAsync(layout.Bundle(live.Id), cancellation);
        var state = task is null ? null : await StateAsync(task, cancellation);

        if (container.State.IsRunning && state is { Status: Skiff.Tasks.TaskStatus.Running or Skiff.Tasks.TaskStatus.Paused })
        {
            live.TaskStarted(task!);
            volumes.Adopt(live.Id, ContainerMounts.Uses(container).Select(u => u.Name));
            if (container.Endpoints.Count > 0)
                await networks.AdoptAsync(Lifecycle.SandboxOf(container), state.Pid, container.Endpoints, cancellation);
            lifecycle.Adopt(live, task!);
        }
        else if (container.State.IsRunning)
            await lifecycle.EndedAsync(live, task, state?.Exit ?? lifecycle.LostExit(container));
        else
        {
            // A start that was cut before it was acknowledged, or an end before it was cleaned up.
            if (task is not null)
                await Lifecycle.AbandonAsync(task);
            if (
                journal
                    .Of(live.Id)
                    .Any(e => e.Kind is ResourceKind.Cgroup or ResourceKind.Lease or ResourceKind.Link or ResourceKind.Mount)
            )
                await lifecycle.GiveBackAsync(container);
            if (container.Host.AutoRemove && container.State.Status == ContainerStatus.Exited)
                await lifecycle.RemoveAsync(live, force: true, withVolumes: true, cancellation);
        }
    }

    static async Task<StateAnswer?> StateAsync(TaskClient task, CancellationToken cancellation)
    {
        try
        {
            return await task.AskAsync<StateAnswer>(new StateRequest(), cancellation);
        }
        catch (Exception e) when (e is IOException or TaskException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    /// <summary>Directories whose container is gone, or never came to be.</summary>
    async Task GiveBackOrphansAsync(CancellationToken cancellation)
    {
        foreach (var owner in journal.All().Where(e => IsContainerId(e.Owner)).GroupBy(e => e.Owner))
        {
            if (store.Find(owner.Key) is not null)
                continue;
            await networks.ReleaseAsync(owner.Key, cancellation);
            foreach (var entry in owner)
            {
                if (entry.Kind == ResourceKind.Directory && Directory.Exists(entry.Resource))
                    Directory.Delete(entry.Resource, recursive: true);
                else if (entry.Kind == ResourceKind.Mount)
                    MountApi.TryDetach(entry.Resource);
                else if (entry.Kind == ResourceKind.Cgroup)
                    BundleBuilder.RemoveCgroup(entry.Resource);
                else if (entry.Kind != ResourceKind.Directory)
                    continue; // another slice's kind: its own start-up repair strikes it out
                journal.Strike(entry);
            }
        }
    }

    static bool IsContainerId(string owner) => owner.Length == 64 && owner.All(char.IsAsciiHexDigitLower);
}
