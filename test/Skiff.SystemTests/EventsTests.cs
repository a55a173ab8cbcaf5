// What the engine tells of what happens: order, attributes, replay and filters, as Docker 28 has them.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class EventsTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void A_containers_life_is_told_in_dockers_order_and_again_later(string client)
    {
        string name = $"events-{client}";
        string id = Do("create", "--name", name, "-l", "told=yes", "busybox", "sleep", "60");
        foreach (
            string[] step in (string[][])
                [
                    ["start", name],
                    ["exec", name, "true"],
                    ["exec", name, "sh", "-c", "exit 0"],
                    ["pause", name],
                    ["unpause", name],
                    ["rename", name, name + "2"],
                    ["kill", "-s", "HUP", name + "2"],
                    ["top", name + "2"],
                    ["restart", "-t", "0", name + "2"],
                    ["stop", "-t", "0", name + "2"],
                    ["commit", name + "2", name],
                    ["rm", name + "2"],
                    ["rmi", name],
                ]
        )
            Do(step);

        var told = Told(client).Where(e => e.ToJsonString().Contains(id, StringComparison.Ordinal)).ToList();

        string[] run = ["network connect", "start"];
        string[] end = ["kill", "kill", "network disconnect", "stop", "die"];
        Assert.Equal(
            [
                "create",
                .. run,
                "exec_create: true ",
                "exec_start: true ",
                "exec_die",
                "exec_create: sh -c exit 0",
                "exec_start: sh -c exit 0",
                "exec_die",
                "pause",
                "unpause",
                "rename",
                "kill",
                "top",
                .. end,
                .. run,
                "restart",
                .. end,
                "commit",
                "destroy",
            ],
            Settled([.. told.Select(Action)])
        );
        var attributes = told.Single(e => Action(e) == "rename")["Actor"]!["Attributes"]!.AsObject();
        Assert.Equal(
            $"image=busybox name={name}2 oldName=/{name} told=yes",
            string.Join(' ', attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"))
        );
        Assert.Equal("137", (string?)told.First(e => Action(e) == "die")["Actor"]!["Attributes"]!["exitCode"]);
        Assert.Equal("1", (string?)told.First(e => Action(e) == "kill")["Actor"]!["Attributes"]!["signal"]);

        string only(params string[] filters) =>
            string.Join(
                ' ',
                Told(client, [.. filters.SelectMany(f => (string[])["--filter", f])])
                    .Where(e => e.ToJsonString().Contains(id, StringComparison.Ordinal))
                    .Select(Action)
            );
        Assert.Equal("rename", only("event=rename"));
        Assert.Equal("pause unpause", only("label=told=yes", "event=pause", "event=unpause"));
        Assert.Equal("", only("label=told=no"));
        Assert.Equal("network connect network connect", only("type=network", "event=connect"));
        Assert.Equal("exec_die exec_die", only("container=" + id[..12], "event=exec_die"));
    }

    [Fact]
    public void Who_listens_hears_it_at_once_and_until_ends_it()
    {
        string label = "heard";
        string since = Now();
        using var docker = engine.OnTerminal("docker", "events", "--since", since, "--filter", "label=" + label);
        string id = Do("create", "-l", label, "busybox", "true");
        docker.WaitFor($"container create {id}");
        Do("rm", id);
        docker.WaitFor($"container destroy {id}");
        Assert.Equal("", engine.Skiff("events", "--since", Now(), "--until", Now()).Expect().Output);
    }

    [Fact]
    public void Prune_tells_of_itself()
    {
        Do("container", "prune", "-f", "--filter", "label=nobody-has-it");
        Assert.Contains(Told("docker", "--filter", "event=prune"), e => (string?)e["Actor"]!["Attributes"]!["reclaimed"] == "0");
    }

    string Do(params string[] command) => engine.Skiff(command).Expect().Text;

    List<JsonNode> Told(string client, params string[] filters) =>
        [
            .. engine
                .Client(
                    client,
                    [
                        "events",
                        "--since",
                        "1",
                        "--until",
                        Now(),
                        "--format",
                        client == "skiff" ? "json" : "{{json .}}",
                        .. filters,
                    ],
                    null
                )
                .Expect()
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!),
        ];

    /// <summary>In Docker, too, stop and die come in either order: who waits for the end is told while the engine cleans up.</summary>
    static List<string> Settled(List<string> actions)
    {
        for (int i = 1; i < actions.Count; i++)
            if ((actions[i - 1], actions[i]) is ("die", "stop") || (actions[i - 1], actions[i]) is ("stop", "network disconnect"))
                (actions[i - 1], actions[i]) = (actions[i], actions[i - 1]);
        return actions;
    }

    static string Action(JsonNode told) =>
        ((string)told["Type"]! == "container" ? "" : (string)told["Type"]! + " ") + (string)told["Action"]!;

    static string Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds.ToString("F6", null);
}
