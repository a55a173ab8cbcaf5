// When a container starts again by itself, and when its user wants no more of that. Part of Lifecycle.
using Skiff.Linux.Processes;

namespace Skiff.Engine.Containers;

internal sealed partial class Lifecycle
{
    /// <summary>What the label of a container asks for when it has become unhealthy.</summary>
    internal async Task ActAsync(LiveContainer live, string action)
    {
        switch (action)
        {
            case "restart":
                await StopAsync(live, null, null, CancellationToken.None);
                await StartAsync(live, CancellationToken.None);
                events.Publish(live.Record, "restart");
                break;
            case "stop":
                await StopAsync(live, null, null, CancellationToken.None);
                break;
            case "kill":
                await KillByUserAsync(live, Signals.SIGKILL, CancellationToken.None);
                break;
        }
    }

    static Container Restarting(Container ended) =>
        ended with
        {
            RestartCount = ended.RestartCount + 1,
            State = ended.State with { Status = ContainerStatus.Restarting },
        };

    /// <summary>Starts it again after a while, unless its user stops or removes it meanwhile. The caller holds the lock.</summary>
    void ScheduleRestart(LiveContainer live, TimeSpan ran)
    {
        live.RestartDelay = Restarts.Delay(live.RestartDelay, ran);
        var wait = live.RestartWait = new CancellationTokenSource();
        var delay = live.RestartDelay;
        background.Run(async () =>
        {
            await Task.Delay(delay, wait.Token);
            using (await live.LockAsync(wait.Token))
            {
                if (live.Record.State.Status != ContainerStatus.Restarting)
                    return;
                try
                {
                    await LaunchAsync(live, live.Record);
                }
                catch (Exception e)
                {
                    RecordFailedStart(live, e);
                    SetStatus(live, ContainerStatus.Exited);
                    throw;
                }
            }
        });
    }

    /// <summary>Brings back what its restart policy wants with the engine's start.</summary>
    internal async Task RestoreAsync(LiveContainer live)
    {
        using (await live.LockAsync(CancellationToken.None))
        {
            if (live.RestartWait is not null)
                return;
            if (live.Record.State.Status != ContainerStatus.Restarting && !Restarts.WithEngine(live.Record))
                return;
            SetStatus(live, ContainerStatus.Restarting);
            ScheduleRestart(live, TimeSpan.Zero);
        }
    }

    /// <summary>Its user has stopped it. True if it was only waiting for its restart, which will not come.</summary>
    async Task<bool> StoppedByUserAsync(LiveContainer live, CancellationToken cancellation)
    {
        using (await live.LockAsync(cancellation))
        {
            var state = live.Record.State with { StoppedByUser = true };
            bool waits = state.Status == ContainerStatus.Restarting;
            store.Save(live, live.Record with { State = waits ? state with { Status = ContainerStatus.Exited } : state });
            if (waits)
                live.RestartWait?.Cancel();
            return waits;
        }
    }
}
