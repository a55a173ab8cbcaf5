// An engine at rest gives back the memory that its last work took.
using Skiff.Linux.Processes;

namespace Skiff.Engine.Host;

/// <summary>
/// Some seconds after the last <see cref="Touch"/>, a process that has grown collects its garbage and unmaps what it can
/// have again from the page cache. One that has not grown is left alone, so that a quiet engine stays warm.
/// </summary>
public sealed class IdleTrim : IDisposable
{
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    const long GrownBytes = 32 << 20;

    readonly Timer timer = new(_ => Trim());

    public void Dispose() => timer.Dispose();

    /// <summary>There is work: puts off the trim.</summary>
    public void Touch() => timer.Change(Quiet, Timeout.InfiniteTimeSpan);

    static void Trim()
    {
        if (Environment.WorkingSet > GrownBytes)
            IdleMemory.Shrink(alone: false);
    }
}
