// What containers use: frames of the API, and both clients' tables.
using System.Text.Json;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class StatsTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly List<string> containers = [];

    public static TheoryData<string> Clients => ["skiff", "docker"];

    public void Dispose()
    {
        foreach (string id in containers)
            engine.Skiff("rm", "-f", id);
    }

    [Fact]
    public void A_busy_container_shows_its_processor_memory_processes_and_network()
    {
        string id = Container("-m", "64m", "--pids-limit", "20", "busybox", "sh", "-c", "while :; do :; done");
        using var api = new ApiClient(engine.Socket);

        var frame = api.Get($"containers/{id}/stats?stream=0");

        var cpu = frame.GetProperty("cpu_stats");
        var before = frame.GetProperty("precpu_stats");
        Assert.True(
            cpu.GetProperty("cpu_usage").GetProperty("total_usage").GetUInt64()
                > before.GetProperty("cpu_usage").GetProperty("total_usage").GetUInt64()
        );
        Assert.True(cpu.GetProperty("system_cpu_usage").GetUInt64() > before.GetProperty("system_cpu_usage").GetUInt64());
        Assert.Equal(64UL << 20, frame.GetProperty("memory_stats").GetProperty("limit").GetUInt64());
        Assert.InRange(frame.GetProperty("memory_stats").GetProperty("usage").GetUInt64(), 1UL, 64UL << 20);
        Assert.Equal(
            (1, 20),
            (
                frame.GetProperty("pids_stats").GetProperty("current").GetInt32(),
                frame.GetProperty("pids_stats").GetProperty("limit").GetInt32()
            )
        );
        Assert.True(frame.GetProperty("networks").GetProperty("eth0").TryGetProperty("rx_bytes", out _));
        var once = api.Get($"containers/{id}/stats?stream=0&one-shot=1");
        Assert.Equal(0UL, once.GetProperty("precpu_stats").GetProperty("cpu_usage").GetProperty("total_usage").GetUInt64());
    }

    [Theory, MemberData(nameof(Clients))]
    public void The_table_has_dockers_columns_and_stopped_containers_too(string client)
    {
        string running = Container("--name", $"stats-{client}", "busybox", "sleep", "60");
        string created = engine.Skiff("create", "busybox").Expect().Text;
        containers.Add(created);
        string[] lines = engine.Client(client, ["stats", "--no-stream", running, created], null).Expect().Text.Split('\n');
        Assert.Matches(@"^CONTAINER ID   NAME\s+CPU %\s+MEM USAGE / LIMIT\s+MEM %\s+NET I/O\s+BLOCK I/O\s+PIDS$", lines[0]);
        Assert.Contains(
            lines,
            l => System.Text.RegularExpressions.Regex.IsMatch(l, $@"^{running[..12]}\s+stats-{client}\s+\d+\.\d\d%.* 1$")
        );
        Assert.Contains(
            lines,
            l => System.Text.RegularExpressions.Regex.IsMatch(l, $@"^{created[..12]}\s+\S+\s+0\.00%\s+0B / 0B\s.* 0$")
        );
        string json = engine.Client(client, ["stats", "--no-stream", "--format", "json", created], null).Expect().Text;
        Assert.Equal("0", JsonDocument.Parse(json).RootElement.GetProperty("PIDs").GetString());
        Assert.Contains(
            "No such container: nobody",
            engine.Client(client, ["stats", "--no-stream", "nobody"], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_live_table_ends_when_its_container_is_removed()
    {
        string id = Container("--name", "stats-live", "busybox", "sleep", "60");
        using var terminal = engine.OnTerminal("skiff", "stats", id);
        terminal.WaitFor("stats-live");
        engine.Skiff("rm", "-f", id).Expect();
        Assert.Equal(0, terminal.Wait());
    }

    string Container(params string[] arguments)
    {
        string id = engine.Skiff(["run", "-d", .. arguments]).Expect().Text;
        containers.Add(id);
        return id;
    }
}
