// The parent's side of a launch: clones, waits for the child's execve, turns its report into words.
using System.Runtime.InteropServices;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Native;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;

namespace Skiff.Linux.Spawn;

/// <summary>A launch that did not reach the program.</summary>
/// <param name="ofProgram">the program was missing or could not be run; else an earlier step failed</param>
public sealed class LaunchFailure(string message, Errno errno, bool ofProgram) : IOException(message)
{
    public Errno Errno { get; } = errno;
    public bool OfProgram { get; } = ofProgram;
}

public static unsafe class Spawner
{
    const ulong CLONE_PIDFD = 0x1000;
    const ulong CLONE_CLEAR_SIGHAND = 0x1_0000_0000;
    const ulong CLONE_INTO_CGROUP = 0x2_0000_0000;
    const int SIGCHLD = 17;

    /// <summary>
    /// Clones this process and lets the clone run the plan. Returns once its execve succeeded; reap the child through
    /// its pidfd. For small processes with one thread: the cost of a clone grows with the memory in use.
    /// </summary>
    /// <param name="inputs">descriptors, as many as the plan has inputs and in their order</param>
    /// <param name="newNamespaces">made by the clone itself</param>
    /// <param name="pidNamespace">a pidfd or a file of a pid namespace to start the child in, or null</param>
    /// <param name="meet">called at each <see cref="LaunchPlan.Meet"/>; if it throws, the child is killed</param>
    /// <param name="cgroup">the directory of a v2 cgroup to start the child in, or null</param>
    /// <exception cref="LaunchFailure">a step of the plan failed; the child is reaped</exception>
    /// <exception cref="ErrnoException">clone3: EAGAIN, ENOMEM, ENOSPC, EPERM</exception>
    public static SpawnedProcess Start(
        LaunchPlan plan,
        ReadOnlySpan<int> inputs,
        NamespaceKinds newNamespaces,
        Fd? pidNamespace = null,
        Fd? cgroup = null,
        Action<byte, SpawnedProcess>? meet = null
    )
    {
        if (inputs.Length != plan.Inputs.Count)
            throw new ArgumentException("as many descriptors as the plan has inputs", nameof(inputs));
        (Fd ours, Fd theirs) = plan.HasLauncher ? UnixSocket.Pair() : FdIo.Pipe();
        using Fd reader = ours;
        using Fd writer = theirs;
        int[] numbers = inputs.ToArray();
        for (int i = 0; plan.HasLauncher && i < numbers.Length; i++)
            numbers[i] = plan.Inputs[i] switch
            {
                LaunchPlan.LauncherName => writer.Number,
                LaunchPlan.LaunchersEndName => reader.Number,
                _ => numbers[i],
            };
        using var memory = new ChildMemory(plan, numbers);
        int pidfd = -1;
        nint pid;
        try
        {
            memory.Program->Clone = new CloneArgs
            {
                Flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (ulong)newNamespaces | (cgroup is null ? 0 : CLONE_INTO_CGROUP),
                Cgroup = (ulong)(cgroup?.Number ?? 0),
                Pidfd = (ulong)&pidfd,
                ExitSignal = SIGCHLD,
            };
            using (pidNamespace is null ? null : new ChildrenNamespace(pidNamespace))
                pid = Child.Start(memory.Program);
        }
        finally
        {
            writer.Dispose(); // or the end of the child's would not be seen
        }
        if (pid < 0)
            throw new ErrnoException("clone3", null, (Errno)(-pid));
        var child = new SpawnedProcess((int)pid, new Fd(pidfd));
        try
        {
            if (!IsReady(reader, child, meet))
                ThrowIfFailed(plan, memory.Report, child.Pidfd);
            return child;
        }
        catch (Exception e) when (e is not LaunchFailure)
        {
            Pidfd.SendSignal(child.Pidfd, Signals.SIGKILL);
            Pidfd.Reap(child.Pidfd);
            child.Pidfd.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Answers the child until it says that it is ready: true. False at the end: its end closes at execve or exit,
    /// whichever comes first.
    /// </summary>
    static bool IsReady(Fd reader, SpawnedProcess child, Action<byte, SpawnedProcess>? meet)
    {
        Span<byte> said = stackalloc byte[1];
        while (FdIo.TryRead(reader, said, out _) == 1)
        {
            if (said[0] == LaunchPlan.Ready)
                return true;
            if (said[0] == 0)
                continue;
            meet?.Invoke(said[0], child);
            FdIo.TryWrite(reader, said, out _); // EPIPE: the child is gone, which the next read tells
        }
        return false;
    }

    static void ThrowIfFailed(LaunchPlan plan, ChildReport report, Fd pidfd)
    {
        LaunchOp op = plan.Ops[report.Position];
        if (report.Failed == 0 && op.Call == Syscall.execve)
            return; // whatever becomes of it now is the program's own end
        ExitStatus status = Pidfd.Reap(pidfd);
        pidfd.Dispose();
        if (report.Failed == 0)
            throw new LaunchFailure($"{op.What}: ended by {Describe(status)}", Errno.None, ofProgram: false);
        var errno = (Errno)report.Errno;
        string why = errno == Errno.None ? "" : $": {ErrnoText.Of(errno)}";
        throw new LaunchFailure(op.What + why, errno, op.OfProgram);
    }

    static string Describe(ExitStatus status) => status.Signaled ? Signals.NameOf(status.Code) : $"exit status {status.Code}";

    /// <summary>While it lives, children of this thread are born into another pid namespace. pid_namespaces(7).</summary>
    sealed class ChildrenNamespace : IDisposable
    {
        readonly Fd own = NamespaceFile.Open("/proc/self/ns/pid");

        internal ChildrenNamespace(Fd other) => NamespaceFile.Enter(other, NamespaceKinds.Pid);

        public void Dispose()
        {
            NamespaceFile.Enter(own, NamespaceKinds.Pid);
            own.Dispose();
        }
    }
}
