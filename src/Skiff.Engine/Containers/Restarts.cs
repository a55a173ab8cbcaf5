// Restart policies: whether and when a container that has ended starts again.
using Skiff.Engine.Bundles;

namespace Skiff.Engine.Containers;

internal static class Restarts
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>A run this long makes earlier failures forgotten.</summary>
    static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    /// <summary>Whether a container that has ended by itself starts again.</summary>
    internal static bool AfterExit(Container container) =>
        !container.State.StoppedByUser && Wants(container, evenIfStopped: false);

    /// <summary>
    /// Whether a container that does not run is started with the engine: as after an exit, but "always" also brings back
    /// what its user had stopped. One that never ran stays as it is.
    /// </summary>
    internal static bool WithEngine(Container container) =>
        container.State is { StartedAt: not null, Status: ContainerStatus.Exited or ContainerStatus.Restarting }
        && Wants(container, evenIfStopped: true);

    static bool Wants(Container container, bool evenIfStopped) =>
        container.Host.Restart.Name switch
        {
            RestartRule.Always => true,
            RestartRule.UnlessStopped => !(evenIfStopped && container.State.StoppedByUser),
            RestartRule.OnFailure => !container.State.StoppedByUser
                && container.State.ExitCode != 0
                && (container.Host.Restart.MaximumRetries == 0 || container.RestartCount < container.Host.Restart.MaximumRetries),
            _ => false,
        };

    /// <summary>How long to wait: 100 ms, doubled with every run that was short, at most a minute.</summary>
    /// <param name="last">the wait before; zero: there was none</param>
    internal static TimeSpan Delay(TimeSpan last, TimeSpan ran) =>
        last == TimeSpan.Zero || ran >= GoodRun ? FirstDelay
        : last * 2 < LongestDelay ? last * 2
        : LongestDelay;
}
