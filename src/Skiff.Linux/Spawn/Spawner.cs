// The parent's side of a launch: clones, waits for the child's execve, turns its report into words.
using System.Runtime.InteropServices;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Native;
using Skiff.Linux.Processes;

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
    /// <param name="cgroup">the directory of a v2 cgroup to start the child in, or null</param>
    /// <exception cref="LaunchFailure">a step of the plan failed; the child is reaped</exception>
    /// <exception cref="ErrnoException">clone3: EAGAIN, ENOMEM, ENOSPC, EPERM</exception>
    public static SpawnedProcess Start(
        LaunchPlan plan,
        ReadOnlySpan<int> inputs,
        NamespaceKinds newNamespaces,
        Fd? pidNamespace = null,
        Fd? cgroup = null
    )
    {
        if (inputs.Length != plan.Inputs.Count)
            throw new ArgumentException("as many descriptors as the plan has inputs", nameof(inputs));
        using var memory = new ChildMemory(plan, inputs);
        int* ends = stackalloc int[2];
        Libc.Check(Libc.pipe2(ends, Libc.O_CLOEXEC), "pipe2");
        using var reader = new Fd(ends[0]);
        var writer = new Fd(ends[1]);
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
            writer.Dispose();
        }
        if (pid < 0)
            throw new ErrnoException("clone3", null, (Errno)(-pid));
        var child = new SpawnedProcess((int)pid, new Fd(pidfd));
        AwaitExec(reader);
        ThrowIfFailed(plan, memory.Report, child.Pidfd);
        return child;
    }

    /// <summary>The other end closes at execve or exit, whichever comes first.</summary>
    static void AwaitExec(Fd reader)
    {
        byte none;
        while (Libc.read(reader.Number, &none, 1) == -1 && Libc.LastErrno == Errno.EINTR) { }
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
