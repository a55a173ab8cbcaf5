// User namespaces that nobody lives in: made for their maps of ids.
using System.Globalization;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;

namespace Skiff.Linux.Namespaces;

/// <summary>So many ids from Inside on are those from Outside on. user_namespaces(7), uid_map.</summary>
public readonly record struct IdRange(uint Inside, uint Outside, uint Size);

public static class UserNamespace
{
    /// <summary>
    /// Makes a namespace with these maps. It lives as long as the descriptor, a process in it, or a mount that is mapped
    /// by it. For small processes with one thread, like <see cref="Spawner"/>.
    /// </summary>
    /// <exception cref="ErrnoException">clone3: ENOSPC, EUSERS, EPERM; write: EINVAL: ranges that overlap, too many of them</exception>
    public static Fd Create(IReadOnlyList<IdRange> uids, IReadOnlyList<IdRange> gids)
    {
        // A process must be in it while the maps are written. It waits for the end of a pipe: ours, whatever happens.
        var plan = new LaunchPlan();
        plan.AddLauncher();
        Register gate = plan.Input("gate");
        Register ours = plan.Input("ours");
        plan.Close(ours);
        plan.AwaitRelease(gate, "wait for the maps");
        (Fd read, Fd write) = FdIo.Pipe();
        using Fd reader = read;
        using Fd writer = write;
        SpawnedProcess child = Spawner.Start(plan, [-1, -1, read.Number, write.Number], NamespaceKinds.User);
        try
        {
            KernelFile.Write($"/proc/{child.Pid}/uid_map", Lines(uids));
            KernelFile.Write($"/proc/{child.Pid}/gid_map", Lines(gids));
            return NamespaceFile.Open($"/proc/{child.Pid}/ns/user");
        }
        finally
        {
            Pidfd.SendSignal(child.Pidfd, Signals.SIGKILL);
            Pidfd.Reap(child.Pidfd);
            child.Pidfd.Dispose();
        }
    }

    static string Lines(IReadOnlyList<IdRange> ranges) =>
        string.Concat(ranges.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Inside} {r.Outside} {r.Size}\n")));
}
