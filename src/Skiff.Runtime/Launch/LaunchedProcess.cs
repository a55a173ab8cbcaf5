// What goes into a launch and what comes out of it.
using Skiff.Linux;
using Skiff.Tasks;

namespace Skiff.Runtime.Launch;

/// <summary>Descriptors of this process that become 0, 1 and 2 of the launched one.</summary>
/// <param name="Terminal">the three are a terminal: it becomes the controlling one of a new session</param>
internal readonly record struct ProcessStdio(int Stdin, int Stdout, int Stderr, bool Terminal);

/// <summary>A process that reached its execve. It is a child of this process: reap it with waitid on the pidfd.</summary>
/// <param name="Pid">as seen from the host</param>
/// <param name="StartTicks">field 22 of /proc/pid/stat: tells this process from a later one of the same number</param>
internal sealed record LaunchedProcess(int Pid, Fd Pidfd, ulong StartTicks);

/// <summary>A container or process could not be launched; nothing of it is left behind.</summary>
internal sealed class LaunchException(FailureKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    public FailureKind Kind { get; } = kind;
}
