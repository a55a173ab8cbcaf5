// Namespaces of other containers that a container is started in: --network, --pid, --ipc container:X.
using Skiff.Engine.Bundles;
using Skiff.Linux;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;

namespace Skiff.Engine.Containers;

/// <summary>
/// Held open from before the bundle is written until its process lives: the paths lead to these descriptors, so that a
/// process number that is given to another process cannot lead elsewhere.
/// </summary>
internal sealed class JoinedNamespaces : IDisposable
{
    Fd? network;
    Fd? pid;
    Fd? ipc;

    /// <summary>Whose network it is, and so whose /etc/hosts and its kin; null: no other container's.</summary>
    internal string? NetworkOwner { get; private set; }

    /// <summary>The owner's name for itself, which one network has one of.</summary>
    internal string? Hostname { get; private set; }

    /// <summary>For config.json; null: not joined.</summary>
    internal string? NetworkPath => PathOf(network);
    internal string? PidPath => PathOf(pid);
    internal string? IpcPath => PathOf(ipc);

    /// <summary>Whose /dev/shm comes with the IPC namespace; null: no other container's.</summary>
    internal string? IpcOwner { get; private set; }

    /// <exception cref="EngineException">NotFound, Conflict: the other container is not there, or does not run</exception>
    internal static JoinedNamespaces Open(Container container, ContainerStore store)
    {
        var joined = new JoinedNamespaces();
        try
        {
            if (ContainerMode.Target(container.Host.NetworkMode) is { } networked)
            {
                var owner = Running(networked, "network", container, store);
                joined.network = Namespace(owner, "net");
                joined.NetworkOwner = NetworkOwnerOf(owner, store);
                joined.Hostname = owner.Config.Hostname;
            }
            if (ContainerMode.Target(container.Host.PidMode) is { } seen)
                joined.pid = Namespace(Running(seen, "PID", container, store), "pid");
            if (ContainerMode.Target(container.Host.IpcMode) is { } spoken)
            {
                var owner = IpcOwnerOf(spoken, container, store);
                joined.ipc = Namespace(owner, "ipc");
                joined.IpcOwner = owner.Id;
            }
            return joined;
        }
        catch
        {
            joined.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        network?.Dispose();
        pid?.Dispose();
        ipc?.Dispose();
    }

    /// <summary>The owner may have joined another's network itself: the files are those of the last in the chain.</summary>
    static string NetworkOwnerOf(Container owner, ContainerStore store) =>
        ContainerMode.Target(owner.Host.NetworkMode) is { } next && store.Find(next) is { } live
            ? NetworkOwnerOf(live.Record, store)
            : owner.Id;

    /// <summary>Through others that have joined it, to the one that lets itself be joined.</summary>
    static Container IpcOwnerOf(string target, Container container, ContainerStore store)
    {
        var owner = store.Get(target).Record;
        if (owner.Id == container.Id || !owner.State.IsRunning)
            throw EngineException.Conflict($"failed to join IPC namespace: container {owner.Id} is not running");
        if (ContainerMode.Target(owner.Host.IpcMode) is { } next)
            return IpcOwnerOf(next, container, store);
        return owner.Host.IpcMode == "shareable"
            ? owner
            : throw EngineException.Conflict(
                $"failed to join IPC namespace: container {owner.Id}: "
                    + "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
            );
    }

    static Container Running(string target, string what, Container container, ContainerStore store)
    {
        var owner =
            store.Find(target)?.Record
            ?? throw EngineException.NotFound($"joining {what} namespace of container: No such container: {target}");
        if (owner.Id == container.Id)
            throw EngineException.Invalid($"cannot join own {what} namespace");
        return owner.State.IsRunning
            ? owner
            : throw EngineException.Conflict($"cannot join {what} namespace of a non running container: {owner.Id}");
    }

    static Fd Namespace(Container owner, string kind)
    {
        Fd file;
        try
        {
            file = NamespaceFile.Open($"/proc/{owner.State.Pid}/ns/{kind}");
        }
        catch (ErrnoException)
        {
            throw EngineException.Conflict($"cannot join the {kind} namespace of a non running container: {owner.Id}");
        }
        // Asked afterwards: if the process is the same now, it was the same when its file was opened.
        if (ProcessStat.StartTicks(owner.State.Pid) == owner.State.StartTicks)
            return file;
        file.Dispose();
        throw EngineException.Conflict($"cannot join the {kind} namespace of a non running container: {owner.Id}");
    }

    static string? PathOf(Fd? file) => file is null ? null : $"/proc/{Environment.ProcessId}/fd/{file.Number}";
}
