// What a shim asks of its container, whoever launches it.
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;

namespace Skiff.Runtime.Shim;

/// <summary>A container that a shim holds: launched by ourselves, or by another OCI runtime. Failures are LaunchExceptions.</summary>
internal interface IShimContainer : IDisposable
{
    Spec Spec { get; }

    /// <summary>The terminal of the first process, or of an exec. To be called before its launch.</summary>
    /// <param name="execJson">the process object as it came; null for the first process</param>
    Pty OpenTerminal(string? execJson, WindowSize size);

    /// <summary>Launches the first process; returns once it runs. It is our child.</summary>
    LaunchedProcess Start(ProcessStdio stdio);

    /// <summary>Launches a further process; returns once it runs. It is our child.</summary>
    LaunchedProcess Exec(SpecProcess process, string json, ProcessStdio stdio);

    /// <summary>Sends a signal to every process.</summary>
    void Kill(int signal);

    /// <summary>Other limits; what is not named stays.</summary>
    /// <param name="json">the same as it came</param>
    void Update(LinuxResources resources, string json);

    void Freeze();
    void Thaw();

    /// <summary>True if the kernel killed a process of the container for lack of memory. Ask before Remove.</summary>
    bool OomKilled { get; }

    /// <summary>Kills what is left and gives everything back. Idempotent.</summary>
    void Remove();
}
