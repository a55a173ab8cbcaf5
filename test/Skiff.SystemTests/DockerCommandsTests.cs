// Every command of the first release, by the stock docker client and by ours: the same words, the same answers.
using System.Text.Json;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class DockerCommandsTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    Result Run(string client, params string[] arguments) => engine.Client(client, arguments, null);

    [Theory, MemberData(nameof(Clients))]
    public void Lifecycle(string client)
    {
        string name = $"life-{client}";
        string id = Run(
                client,
                "create",
                "--name",
                name,
                "-l",
                "kind=test",
                "busybox",
                "sh",
                "-c",
                "echo up; trap 'exit 4' TERM; while :; do sleep 0.1; done"
            )
            .Expect()
            .Text;
        Assert.Equal(64, id.Length);
        Assert.Equal("created", Run(client, "inspect", "-f", "{{.State.Status}}", name).Expect().Text);
        Assert.Equal(name, Run(client, "start", name).Expect().Text);
        Assert.Contains("sleep", Run(client, "top", name).Expect().Output, StringComparison.Ordinal);
        Run(client, "pause", name).Expect();
        Assert.Equal("paused", Run(client, "inspect", "-f", "{{.State.Status}}", name).Expect().Text);
        Run(client, "unpause", name).Expect();
        Assert.Equal(name, Run(client, "stop", name).Expect().Text);
        Assert.Equal("4", Run(client, "wait", name).Expect().Text);
        Run(client, "start", name).Expect();
        Run(client, "kill", "-s", "KILL", name).Expect();
        Assert.Equal("137", Run(client, "wait", name).Expect().Text);
        Run(client, "rename", name, name + "2").Expect();
        Assert.Equal(id[..12], Run(client, "ps", "-aq", "--filter", $"name={name}2").Expect().Text);
        Assert.Equal(name + "2", Run(client, "rm", name + "2").Expect().Text);
        Run(client, "inspect", name + "2").Expect(1);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Run_with_rm_leaves_nothing_and_passes_the_exit_code_on(string client)
    {
        Assert.Equal(42, Run(client, "run", "--rm", "--name", $"rm-{client}", "busybox", "sh", "-c", "exit 42").ExitCode);
        Run(client, "inspect", $"rm-{client}").Expect(1);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Logs_follow_until_the_end(string client)
    {
        string id = Run(
                client,
                "run",
                "-d",
                "busybox",
                "sh",
                "-c",
                "for i in 1 2 3; do echo line $i; sleep 0.2; done; echo oops >&2"
            )
            .Expect()
            .Text;
        var followed = Run(client, "logs", "-f", id).Expect();
        Assert.Equal(("line 1\nline 2\nline 3\n", "oops\n"), (followed.Output, followed.Errors));
        Assert.Equal("line 3\n", Run(client, "logs", "-n", "2", id).Expect().Output);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\S+Z line 1\n", Run(client, "logs", "-t", id).Expect().Output);
        Run(client, "rm", id).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Exec_has_its_own_environment_user_directory_and_exit_code(string client)
    {
        string id = Run(client, "run", "-d", "busybox", "sleep", "60").Expect().Text;
        var result = Run(
            client,
            "exec",
            "-e",
            "A=b",
            "-u",
            "sailor",
            "-w",
            "/tmp",
            id,
            "sh",
            "-c",
            "echo $A $(id -un) $PWD; exit 8"
        );
        Assert.Equal((8, "b sailor /tmp\n"), (result.ExitCode, result.Output));
        Assert.Equal(127, Run(client, "exec", id, "no-such-command").ExitCode);
        Assert.Equal("in\n", engine.Client(client, ["exec", "-i", id, "cat"], "in\n"u8.ToArray()).Expect().Output);
        Run(client, "exec", "-d", id, "touch", "/made").Expect();
        Run(client, "rm", "-f", id).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Ps_shows_dockers_columns(string client)
    {
        string name = $"ps-{client}";
        Run(client, "run", "-d", "--name", name, "busybox", "sleep", "60").Expect();
        string[] lines = Run(client, "ps").Expect().Text.Split('\n');
        Assert.Matches(@"^CONTAINER ID\s+IMAGE\s+COMMAND\s+CREATED\s+STATUS\s+PORTS\s+NAMES$", lines[0]);
        Assert.Contains(
            lines,
            l =>
                System.Text.RegularExpressions.Regex.IsMatch(
                    l,
                    $@"^[0-9a-f]{{12}}\s+busybox\s+""sleep 60""\s+.*ago\s+Up .*\s+{name}$"
                )
        );
        using var json = JsonDocument.Parse(Run(client, "ps", "--format", "json", "--filter", $"name={name}").Expect().Text);
        Assert.Equal(name, json.RootElement.GetProperty("Names").GetString());
        Run(client, "rm", "-f", name).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Images_are_imported_tagged_saved_removed_and_loaded(string client)
    {
        string first = $"{client}/first:1",
            second = $"{client}/second:2";
        engine.Client(client, ["import", "-", first], BusyboxImage.Tar).Expect();
        Run(client, "tag", first, second).Expect();
        Assert.Contains(second.Split(':')[0], Run(client, "images").Expect().Output, StringComparison.Ordinal);
        string id = Run(client, "inspect", "-f", "{{.Id}}", first).Expect().Text;
        string archive = Path.Combine(engine.Root, $"{client}.tar");
        Run(client, "save", "-o", archive, first, second).Expect();
        Run(client, "rmi", first, second).Expect();
        Run(client, "inspect", first).Expect(1);
        Assert.Contains("Loaded image", Run(client, "load", "-i", archive).Expect().Output, StringComparison.Ordinal);
        Assert.Equal(id, Run(client, "inspect", "-f", "{{.Id}}", second).Expect().Text);
        Assert.Equal("ok", Run(client, "run", "--rm", second, "echo", "ok").Expect().Text);
        Run(client, "rmi", first, second).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void What_is_pushed_can_be_pulled_with_the_same_digest(string client)
    {
        string reference = $"{port.Registry.Host}/{client}/pushed:latest";
        engine.Client(client, ["import", "-", reference], BusyboxImage.Tar).Expect();
        string id = Run(client, "inspect", "-f", "{{.Id}}", reference).Expect().Text;
        Assert.Contains("digest: sha256:", Run(client, "push", reference).Expect().Output, StringComparison.Ordinal);
        Run(client, "rmi", reference).Expect();
        Assert.Contains("Downloaded newer image", Run(client, "pull", reference).Expect().Output, StringComparison.Ordinal);
        Assert.Equal(id, Run(client, "inspect", "-f", "{{.Id}}", reference).Expect().Text);
        Run(client, "rmi", reference).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void An_image_in_use_is_not_removed(string client)
    {
        string name = $"user-{client}";
        engine.Client(client, ["import", "-", $"used-{client}"], BusyboxImage.Tar).Expect();
        Run(client, "create", "--name", name, $"used-{client}", "true").Expect();
        Assert.Contains("conflict", Run(client, "rmi", $"used-{client}").Expect(1).Errors, StringComparison.OrdinalIgnoreCase);
        Run(client, "rm", name).Expect();
        Run(client, "rmi", $"used-{client}").Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Version_and_info_tell_of_client_and_engine(string client)
    {
        Assert.Equal("1.51", Run(client, "version", "-f", "{{.Server.APIVersion}}").Expect().Text);
        Assert.Equal("overlay2", Run(client, "info", "-f", "{{.Driver}}").Expect().Text);
        Assert.Matches(@"(?m)^ Storage Driver: overlay2$", Run(client, "info").Expect().Output);
    }
}
