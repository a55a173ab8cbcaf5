// How a container is, for people: "Up 3 seconds", "Exited (0) 2 minutes ago".
using Skiff.Engine.Containers;

namespace Skiff.Daemon.Docker;

internal static class StatusText
{
    internal static string Of(ContainerState state, DateTimeOffset now) =>
        state.Status switch
        {
            ContainerStatus.Running => $"Up {Duration(now - (state.StartedAt ?? now))}{HealthText(state.Health)}",
            ContainerStatus.Paused => $"Up {Duration(now - (state.StartedAt ?? now))} (Paused)",
            ContainerStatus.Exited => $"Exited ({state.ExitCode}) {Duration(now - (state.FinishedAt ?? now))} ago",
            ContainerStatus.Restarting => $"Restarting ({state.ExitCode}) {Duration(now - (state.FinishedAt ?? now))} ago",
            ContainerStatus.Dead => "Dead",
            _ => "Created",
        };

    static string HealthText(Health? health) =>
        health?.Status switch
        {
            null => "",
            HealthStatus.Starting => " (health: starting)",
            HealthStatus.Healthy => " (healthy)",
            _ => " (unhealthy)",
        };

    /// <summary>Docker's units: one unit, rounded down, weeks from two weeks and months from three months on.</summary>
    internal static string Duration(TimeSpan duration)
    {
        double seconds = duration.TotalSeconds;
        int hours = (int)Math.Round(duration.TotalHours);
        return seconds switch
        {
            < 1 => "Less than a second",
            < 2 => "1 second",
            < 60 => $"{(int)seconds} seconds",
            < 120 => "About a minute",
            < 3600 => $"{(int)duration.TotalMinutes} minutes",
            _ => hours switch
            {
                1 => "About an hour",
                < 48 => $"{hours} hours",
                < 24 * 7 * 2 => $"{hours / 24} days",
                < 24 * 30 * 2 => $"{hours / 24 / 7} weeks",
                < 24 * 365 * 2 => $"{hours / 24 / 30} months",
                _ => $"{(int)duration.TotalDays / 365} years",
            },
        };
    }
}
