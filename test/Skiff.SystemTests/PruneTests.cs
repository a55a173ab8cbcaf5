// What nobody uses is removed, on request.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class PruneTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void Stopped_containers_go_and_their_bytes_are_told(string client)
    {
        string label = $"prune-{client}";
        string stopped = engine
            .Skiff("run", "-d", "-l", label, "busybox", "sh", "-c", "head -c 3000000 /dev/zero > /big")
            .Expect()
            .Text;
        engine.Skiff("wait", stopped).Expect();
        string running = engine.Skiff("run", "-d", "-l", label, "busybox", "sleep", "60").Expect().Text;

        string text = engine.Client(client, ["container", "prune", "-f", "--filter", $"label={label}"], null).Expect().Text;

        Assert.Equal($"Deleted Containers:\n{stopped}\n\nTotal reclaimed space: 3MB", text);
        Assert.Equal(running[..12], engine.Skiff("ps", "-aq", "--filter", $"label={label}").Expect().Text);
        engine.Skiff("rm", "-f", running).Expect();
    }

    [Fact]
    public void Without_a_yes_everything_stays()
    {
        string created = engine.Skiff("create", "-l", "prune-asked", "busybox", "true").Expect().Text;
        Assert.Contains(
            "Are you sure",
            engine.SkiffWithInput("n\n"u8.ToArray(), "container", "prune", "--filter", "label=prune-asked").Expect().Output,
            StringComparison.Ordinal
        );
        engine.Skiff("inspect", created).Expect();
        engine.SkiffWithInput("y\n"u8.ToArray(), "container", "prune", "--filter", "label=prune-asked").Expect();
        engine.Skiff("inspect", created).Expect(1);
    }
}
