// A container as its shim sees it: opened from a bundle, started, entered, frozen, killed, removed.
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.Launch;

/// <summary>One container of one bundle. Not thread-safe: the runtime has one thread.</summary>
internal sealed class ContainerLaunch : IDisposable
{
    ContainerLaunch(Spec spec) => Spec = spec;

    /// <summary>Reads and validates config.json. Takes nothing from the kernel yet.</summary>
    /// <exception cref="LaunchException">the bundle is missing, malformed, or asks for something unsupported</exception>
    public static ContainerLaunch Open(string bundlePath, string id) =>
        throw new NotSupportedException("filled in by this slice");

    public Spec Spec { get; }

    /// <summary>A pair in the container's own devpts instance: the slave is /dev/pts/N inside. The caller disposes it.</summary>
    public Pty OpenTerminal(ushort rows, ushort columns) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Launches the process of config.json; returns once execve succeeded. On failure nothing is left behind.</summary>
    /// <exception cref="LaunchException">with the kind and the words for the user</exception>
    public LaunchedProcess Start(ProcessStdio stdio) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Launches a further process in the running container; returns once execve succeeded.</summary>
    /// <exception cref="LaunchException">with the kind and the words for the user</exception>
    public LaunchedProcess Exec(SpecProcess process, ProcessStdio stdio) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Sends a signal to every process of the container's cgroup.</summary>
    public void Kill(int signal) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Stops every process of the cgroup from running; returns once all stand still.</summary>
    public void Freeze() => throw new NotSupportedException("filled in by this slice");

    public void Thaw() => throw new NotSupportedException("filled in by this slice");

    /// <summary>True if the kernel killed a process of the container for lack of memory. Ask before Remove.</summary>
    public bool OomKilled => throw new NotSupportedException("filled in by this slice");

    /// <summary>Kills what is left and gives back the cgroups. Idempotent; a fresh process may call it after a crash.</summary>
    public void Remove() => throw new NotSupportedException("filled in by this slice");

    /// <summary>Closes descriptors; the container goes on.</summary>
    public void Dispose() { }
}
