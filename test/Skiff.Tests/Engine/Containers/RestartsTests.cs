using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Oci.Names;

namespace Skiff.Tests.Engine.Containers;

public sealed class RestartsTests
{
    static Container Ended(string policy, int exitCode, bool stopped = false, int count = 0, int retries = 0) =>
        new()
        {
            Id = new string('a', 64),
            Name = "a",
            Created = DateTimeOffset.UnixEpoch,
            ImageName = "a",
            ImageId = Digest.Parse("sha256:" + new string('b', 64)),
            Config = new ContainerConfig(),
            Host = new HostSettings { Restart = RestartRule.Of(policy, retries) },
            RestartCount = count,
            State = new ContainerState
            {
                Status = ContainerStatus.Exited,
                ExitCode = exitCode,
                StoppedByUser = stopped,
                StartedAt = DateTimeOffset.UnixEpoch,
            },
        };

    [Theory]
    [InlineData("no", 1, false, false, false)]
    [InlineData("", 1, false, false, false)]
    [InlineData("always", 0, false, true, true)]
    [InlineData("always", 0, true, false, true)]
    [InlineData("unless-stopped", 0, false, true, true)]
    [InlineData("unless-stopped", 0, true, false, false)]
    [InlineData("on-failure", 1, false, true, true)]
    [InlineData("on-failure", 0, false, false, false)]
    [InlineData("on-failure", 137, true, false, false)]
    public void A_policy_decides_after_an_exit_and_with_the_engine(
        string policy,
        int exitCode,
        bool stopped,
        bool afterExit,
        bool withEngine
    )
    {
        Assert.Equal(afterExit, Restarts.AfterExit(Ended(policy, exitCode, stopped)));
        Assert.Equal(withEngine, Restarts.WithEngine(Ended(policy, exitCode, stopped)));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Retries_are_counted(int count, bool again) =>
        Assert.Equal(again, Restarts.AfterExit(Ended("on-failure", 1, count: count, retries: 2)));

    [Fact]
    public void A_container_that_never_ran_is_not_started_with_the_engine()
    {
        var created = Ended("always", 0);
        Assert.False(Restarts.WithEngine(created with { State = new ContainerState() }));
    }

    [Theory]
    [InlineData(0, 0, 100)]
    [InlineData(100, 0, 200)]
    [InlineData(51200, 3, 60000)]
    [InlineData(60000, 3, 60000)]
    [InlineData(60000, 10, 100)]
    public void The_wait_doubles_until_a_run_was_good(int lastMilliseconds, int ranSeconds, int milliseconds) =>
        Assert.Equal(
            TimeSpan.FromMilliseconds(milliseconds),
            Restarts.Delay(TimeSpan.FromMilliseconds(lastMilliseconds), TimeSpan.FromSeconds(ranSeconds))
        );

    [Theory]
    [InlineData("sometimes", 0, "unknown policy 'sometimes'")]
    [InlineData("always", 3, "can only be used with 'on-failure'")]
    [InlineData("on-failure", -1, "cannot be negative")]
    public void A_policy_that_makes_no_sense_is_refused(string name, int retries, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<EngineException>(() => RestartRule.Of(name, retries)).Message,
            StringComparison.Ordinal
        );
}
