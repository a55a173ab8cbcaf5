// How well a container is, by the checks that its image or its user names.
using Skiff.Oci.Images;

namespace Skiff.Engine.Containers;

public enum HealthStatus
{
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>One run of the check.</summary>
/// <param name="ExitCode">0 healthy, 1 unhealthy; -1: it did not end in time or could not be started</param>
/// <param name="Output">at most 4096 bytes</param>
public sealed record HealthProbe(DateTimeOffset Start, DateTimeOffset End, int ExitCode, string Output);

/// <summary>State.Health: the last five probes, oldest first.</summary>
public sealed record Health
{
    const int ProbesKept = 5;

    public HealthStatus Status { get; init; } = HealthStatus.Starting;
    public int FailingStreak { get; init; }
    public IReadOnlyList<HealthProbe> Log { get; init; } = [];

    /// <summary>After a further probe. While the container may still be starting, failures do not count.</summary>
    internal Health With(HealthProbe probe, HealthCheck check, DateTimeOffset startedAt)
    {
        var log = Log.Append(probe).TakeLast(ProbesKept).ToList();
        if (probe.ExitCode == 0)
            return new Health { Status = HealthStatus.Healthy, Log = log };
        bool counts = Status != HealthStatus.Starting || probe.Start - startedAt >= check.StartPeriod;
        int streak = FailingStreak + (counts ? 1 : 0);
        return new Health
        {
            Status = streak >= check.Retries ? HealthStatus.Unhealthy : Status,
            FailingStreak = streak,
            Log = log,
        };
    }
}

/// <summary>A health check with Docker's defaults filled in.</summary>
internal sealed record HealthCheck(
    IReadOnlyList<string> Command,
    TimeSpan Interval,
    TimeSpan Timeout,
    TimeSpan StartPeriod,
    TimeSpan StartInterval,
    int Retries
)
{
    static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);
    static readonly TimeSpan DefaultStartInterval = TimeSpan.FromSeconds(5);
    const int DefaultRetries = 3;

    /// <exception cref="EngineException">InvalidParameter, in Docker's words</exception>
    internal static void Validate(ImageHealthcheck? given)
    {
        foreach (
            var (name, nanoseconds) in (ReadOnlySpan<(string, long?)>)
                [
                    ("Interval", given?.Interval),
                    ("Timeout", given?.Timeout),
                    ("StartPeriod", given?.StartPeriod),
                    ("StartInterval", given?.StartInterval),
                ]
        )
            if (nanoseconds is not (null or 0) and < 1_000_000)
                throw EngineException.Invalid($"{name} in Healthcheck cannot be less than 1ms");
        if (given?.Retries < 0)
            throw EngineException.Invalid("Retries in Healthcheck cannot be negative");
    }

    /// <summary>null: there is none, or it is switched off ("NONE").</summary>
    internal static HealthCheck? Of(ImageHealthcheck? given, IReadOnlyList<string>? shell)
    {
        IReadOnlyList<string>? command = given?.Test switch
        {
            ["CMD", _, ..] => [.. given.Test.Skip(1)],
            ["CMD-SHELL", var line, ..] => [.. shell is { Count: > 0 } ? shell : ["/bin/sh", "-c"], line],
            _ => null,
        };
        return command is null
            ? null
            : new HealthCheck(
                command,
                Or(given!.Interval, DefaultInterval),
                Or(given.Timeout, DefaultInterval),
                Or(given.StartPeriod, TimeSpan.Zero),
                Or(given.StartInterval, DefaultStartInterval),
                given.Retries is > 0 and { } retries ? retries : DefaultRetries
            );
    }

    /// <summary>The wait before the next probe: shorter while the container may still be starting.</summary>
    internal TimeSpan Next(HealthStatus status, TimeSpan running) =>
        status == HealthStatus.Starting && running < StartPeriod ? StartInterval : Interval;

    static TimeSpan Or(long? nanoseconds, TimeSpan otherwise) =>
        nanoseconds is > 0 and { } given ? TimeSpan.FromTicks(given / 100) : otherwise;
}
