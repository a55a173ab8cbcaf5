using Skiff.Engine.Containers;
using Skiff.Oci.Images;

namespace Skiff.Tests.Engine.Containers;

public sealed class HealthTests
{
    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    static HealthCheck Check(long startPeriodSeconds = 0) =>
        HealthCheck.Of(
            new ImageHealthcheck
            {
                Test = ["CMD", "probe"],
                Retries = 2,
                StartPeriod = startPeriodSeconds * 1_000_000_000,
            },
            null
        )!;

    static HealthProbe Probe(int seconds, int code) => new(Start.AddSeconds(seconds), Start.AddSeconds(seconds), code, "");

    [Fact]
    public void Becomes_unhealthy_after_so_many_failures_in_a_row_and_healthy_after_one_success()
    {
        var health = new Health().With(Probe(1, 1), Check(), Start);
        Assert.Equal((HealthStatus.Starting, 1), (health.Status, health.FailingStreak));
        health = health.With(Probe(2, 1), Check(), Start);
        Assert.Equal((HealthStatus.Unhealthy, 2), (health.Status, health.FailingStreak));
        health = health.With(Probe(3, 0), Check(), Start);
        Assert.Equal((HealthStatus.Healthy, 0), (health.Status, health.FailingStreak));
        health = health.With(Probe(4, 1), Check(), Start).With(Probe(5, 0), Check(), Start).With(Probe(6, -1), Check(), Start);
        Assert.Equal((HealthStatus.Healthy, 1), (health.Status, health.FailingStreak));
        Assert.Equal([2, 3, 4, 5, 6], health.Log.Select(p => (int)(p.Start - Start).TotalSeconds));
    }

    [Fact]
    public void Failures_do_not_count_while_it_may_still_be_starting()
    {
        var health = new Health();
        for (int second = 1; second < 10; second++)
            health = health.With(Probe(second, 1), Check(startPeriodSeconds: 10), Start);
        Assert.Equal((HealthStatus.Starting, 0), (health.Status, health.FailingStreak));
        health = health.With(Probe(10, 1), Check(10), Start).With(Probe(11, 1), Check(10), Start);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
    }

    [Fact]
    public void What_is_not_said_has_dockers_defaults()
    {
        var check = HealthCheck.Of(new ImageHealthcheck { Test = ["CMD-SHELL", "a | b"] }, null)!;
        Assert.Equal(["/bin/sh", "-c", "a | b"], check.Command);
        Assert.Equal(
            (30, 30, 0, 5, 3),
            (
                check.Interval.TotalSeconds,
                check.Timeout.TotalSeconds,
                check.StartPeriod.TotalSeconds,
                check.StartInterval.TotalSeconds,
                check.Retries
            )
        );
        Assert.Equal(
            ["/bin/ash", "-ec", "x"],
            HealthCheck.Of(new ImageHealthcheck { Test = ["CMD-SHELL", "x"] }, ["/bin/ash", "-ec"])!.Command
        );
        Assert.Null(HealthCheck.Of(new ImageHealthcheck { Test = ["NONE"] }, null));
        Assert.Null(HealthCheck.Of(new ImageHealthcheck { Retries = 1 }, null));
        Assert.Null(HealthCheck.Of(null, null));
    }
}
