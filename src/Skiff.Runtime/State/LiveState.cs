// A container as a command finds it: its record, its configuration, what has become of its process.
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.State;

internal sealed class LiveState : IDisposable
{
    readonly StateStore store;
    readonly Fd? pidfd;

    LiveState(StateStore store, ContainerRecord record)
    {
        this.store = store;
        Record = record;
        // First the handle, then the question whether it is of the process that was meant: so it stays true.
        pidfd = TryOpen(record.Pid);
        if (pidfd is not null && !ProcessStat.IsAlive(record.Pid, record.StartTicks))
        {
            pidfd.Dispose();
            pidfd = null;
        }
        Fd? init = record.IsCreating || pidfd is null ? null : Fd.CopyOf(pidfd.Number);
        Bundle bundle = Bundle.Parse(record.Bundle, store.Config(record.Id));
        Container = ContainerLaunch.Adopt(bundle, record.Id, record.Pid, record.StartTicks, init, record.SystemdCgroup);
        Status = Find();
    }

    public ContainerRecord Record { get; }
    public ContainerLaunch Container { get; }

    /// <summary>As it was when this was made.</summary>
    public ContainerStatus Status { get; }

    /// <summary>The first process.</summary>
    /// <exception cref="LaunchException">it has ended</exception>
    public Fd Init =>
        pidfd is not null && !Record.IsCreating
            ? pidfd
            : throw new LaunchException(FailureKind.WrongState, "container not running");

    /// <exception cref="LaunchException">there is no such container</exception>
    public static LiveState Load(StateStore store, string id) => new(store, store.Load(id));

    public static LiveState Of(StateStore store, ContainerRecord record) => new(store, record);

    public void Dispose()
    {
        Container.Dispose();
        pidfd?.Dispose();
    }

    ContainerStatus Find()
    {
        if (pidfd is null)
            return ContainerStatus.Stopped;
        if (Record.IsCreating)
            return ContainerStatus.Creating;
        if (Container.Cgroup.IsFrozen())
            return ContainerStatus.Paused;
        using Fd? gate = FdIo.TryOpenFifo(store.Gate(Record.Id));
        return gate is null ? ContainerStatus.Running : ContainerStatus.Created; // only a process that waits has it open
    }

    static Fd? TryOpen(int pid)
    {
        try
        {
            return Pidfd.Open(pid);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
        {
            return null;
        }
    }
}
