// Health checks, by both clients: what the check says is what is shown, told and acted on.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class HealthTests(Port port)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly EngineUnderTest engine = port.Engine;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    string Start(string client, string check, params string[] flags) =>
        engine
            .Client(
                client,
                [
                    "run",
                    "-d",
                    "--health-cmd",
                    check,
                    "--health-interval",
                    "100ms",
                    "--health-retries",
                    "2",
                    .. flags,
                    "busybox",
                    "sleep",
                    "1000",
                ],
                null
            )
            .Expect()
            .Text;

    string Health(string id, string format = "{{.State.Health.Status}}") =>
        engine.Skiff("inspect", "-f", format, id).Expect().Text;

    void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience), engine.ReadLog());

    [Theory, MemberData(nameof(Clients))]
    public void Healthy_and_unhealthy_are_shown_and_told(string client)
    {
        string id = Start(client, "test -e /well && echo fine", "--label", $"health={client}");
        Until(() => Health(id) == "unhealthy");
        Assert.EndsWith(
            "(unhealthy)",
            engine
                .Client(client, ["ps", "--filter", "health=unhealthy", "--filter", $"id={id}", "--format", "{{.Status}}"], null)
                .Expect()
                .Text,
            StringComparison.Ordinal
        );
        engine.Skiff("exec", id, "touch", "/well").Expect();
        Until(() => Health(id) == "healthy");
        Assert.Matches("^0 1*0+$", Health(id, "{{.State.Health.FailingStreak}} {{range .State.Health.Log}}{{.ExitCode}}{{end}}"));
        Assert.Contains("fine", Health(id, "{{json .State.Health.Log}}"), StringComparison.Ordinal);
        Until(() => Told(client, id) == "health_status: unhealthy\nhealth_status: healthy");
        engine.Skiff("rm", "-f", id).Expect();
    }

    string Told(string client, string id) =>
        engine
            .Client(
                client,
                [
                    "events",
                    "--since",
                    "1h",
                    "--until",
                    "0s",
                    "--filter",
                    $"container={id}",
                    "--filter",
                    "event=health_status",
                    "--format",
                    "{{.Action}}",
                ],
                null
            )
            .Expect()
            .Text;

    [Fact]
    public void A_check_that_does_not_end_is_ended_and_failed()
    {
        string id = Start("skiff", "sleep 600", "--health-timeout", "200ms");
        Until(() => Health(id) == "unhealthy");
        Assert.Contains("exceeded timeout (200ms)", Health(id, "{{json .State.Health.Log}}"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "sleep 600\n",
            engine.Skiff("top", id, "-o", "args").Output.Replace("sleep 1000", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Theory]
    [InlineData("restart", "running")]
    [InlineData("stop", "exited")]
    [InlineData("kill", "exited")]
    public void What_the_label_asks_for_is_done_with_an_unhealthy_one(string action, string status)
    {
        string id = Start("skiff", "test ! -e /ill", "--label", $"skiff.on-unhealthy={action}", "--stop-signal", "KILL");
        string pid = Health(id, "{{.State.Pid}}");
        engine.Skiff("exec", id, "touch", "/ill").Expect();
        Until(() => Health(id, "{{.State.Pid}}") != pid && Health(id, "{{.State.Status}}") == status);
        engine.Skiff("rm", "-f", id).Expect();
    }

    [Fact]
    public void No_check_means_no_health()
    {
        string id = engine.Skiff("run", "-d", "--no-healthcheck", "busybox", "sleep", "1000").Expect().Text;
        Assert.Equal("null", Health(id, "{{json .State.Health}}").Replace("<nil>", "null", StringComparison.Ordinal));
        engine.Skiff("rm", "-f", id).Expect();
    }
}
