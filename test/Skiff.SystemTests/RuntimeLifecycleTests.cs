// skiff-runtime by its command line: the operations and the lifecycle of the runtime-spec, runtime.md.
using System.Text.Json;
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RuntimeLifecycleTests
{
    [Fact]
    public void A_container_goes_from_created_over_running_to_stopped_and_leaves_nothing()
    {
        using var bundle = new OciBundle("sh", "-c", "echo started; exec sleep 1000");
        bundle.Create("--pid-file", bundle.Scratch("pid")).Expect();

        JsonElement state = bundle.State();
        Assert.Equal("created", state.GetProperty("status").GetString());
        Assert.Equal(bundle.Id, state.GetProperty("id").GetString());
        Assert.Equal(bundle.Bundle, state.GetProperty("bundle").GetString());
        Assert.StartsWith("1.", state.GetProperty("ociVersion").GetString()!, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(bundle.Scratch("pid")), $"{state.GetProperty("pid").GetInt32()}");
        Assert.Equal("", bundle.Said); // the user's program does not run before start

        bundle.Runtime("start", bundle.Id).Expect();
        Assert.Equal("running", bundle.Status);
        Assert.True(SpinWait.SpinUntil(() => bundle.Said == "started\n", TimeSpan.FromSeconds(20)));

        bundle.Runtime("kill", bundle.Id, "KILL").Expect();
        bundle.Await("stopped");
        bundle.Runtime("delete", bundle.Id).Expect();
        Assert.Contains("does not exist", bundle.Runtime("state", bundle.Id).Expect(1).Errors, StringComparison.Ordinal);
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void An_operation_in_the_wrong_state_fails_and_changes_nothing()
    {
        using var bundle = new OciBundle("sleep", "1000");
        foreach (string operation in (string[])["state", "start", "kill", "delete", "pause", "resume", "ps", "exec"])
            Assert.Contains("does not exist", bundle.Runtime(operation, bundle.Id).Errors, StringComparison.Ordinal);

        bundle.Create().Expect();
        Assert.Contains("already exists", bundle.Create().Errors, StringComparison.Ordinal);
        bundle.Runtime("delete", bundle.Id).Expect(1);
        bundle.Runtime("resume", bundle.Id).Expect(1);
        Assert.Equal("created", bundle.Status);

        bundle.Runtime("start", bundle.Id).Expect();
        Assert.Contains("already running", bundle.Runtime("start", bundle.Id).Expect(1).Errors, StringComparison.Ordinal);
        bundle.Runtime("delete", bundle.Id).Expect(1);
        Assert.Equal("running", bundle.Status);

        bundle.Runtime("kill", bundle.Id, "9").Expect();
        bundle.Await("stopped");
        Assert.Contains("not running", bundle.Runtime("kill", bundle.Id, "9").Expect(1).Errors, StringComparison.Ordinal);
        bundle.Runtime("start", bundle.Id).Expect(1);
        bundle.Runtime("pause", bundle.Id).Expect(1);
        Assert.Equal("stopped", bundle.Status);
    }

    [Fact]
    public void Changes_of_the_configuration_after_create_have_no_effect()
    {
        using var bundle = new OciBundle("echo", "first");
        bundle.Create().Expect();
        bundle.Process["args"] = OciBundle.Array("echo", "second");
        bundle.Save();
        bundle.Runtime("start", bundle.Id).Expect();
        bundle.Await("stopped");
        Assert.Equal("first\n", bundle.Said);
    }

    [Fact]
    public void A_program_that_is_missing_fails_create_and_leaves_nothing()
    {
        using var bundle = new OciBundle("nothing-of-this-name");
        string log = bundle.Scratch("log");
        Result created = Command.Run(
            OciBundle.Program,
            "--root",
            bundle.Root,
            "--log",
            log,
            "--log-format",
            "json",
            "create",
            "--bundle",
            bundle.Bundle,
            bundle.Id
        );
        Assert.NotEqual(0, created.ExitCode);
        // The line that dockerd and podman take their message from.
        JsonNode line = JsonNode.Parse(File.ReadAllText(log))!;
        Assert.Equal("error", (string?)line["level"]);
        Assert.Equal("exec: \"nothing-of-this-name\": executable file not found in $PATH", (string?)line["msg"]);
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void Run_passes_on_output_and_exit_code_and_leaves_nothing()
    {
        using var bundle = new OciBundle("sh", "-c", "echo out; echo err >&2; exit 7");
        Result ran = bundle.Runtime("run", "--bundle", bundle.Bundle, bundle.Id).Expect(7);
        Assert.Equal("out\n", ran.Output);
        Assert.Equal("err\n", ran.Errors);
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void Delete_by_force_ends_a_paused_container_and_forgives_one_that_is_not_there()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.RunDetached().Expect();
        bundle.Runtime("pause", bundle.Id).Expect();
        Assert.Equal("paused", bundle.Status);
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
        Assert.False(bundle.HasTraces);
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
    }

    [Fact]
    public void A_create_that_is_killed_leaves_what_delete_can_remove()
    {
        using var bundle = new OciBundle("sleep", "1000");
        // The hook kills its parent, which is create, while the container waits for it.
        bundle.AddHook("createRuntime", OciBundle.Hook("kill -9 $PPID"));
        Assert.NotEqual(0, bundle.Create().ExitCode);
        Assert.Equal("stopped", bundle.Status);
        bundle.Runtime("delete", bundle.Id).Expect();
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void Exec_runs_with_the_user_directory_environment_and_exit_code_asked_for()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        Result execed = bundle
            .Runtime(
                "exec",
                "--user",
                "1000:500",
                "--additional-gids",
                "77",
                "--cwd",
                "/tmp",
                "-e",
                "SHIP=skiff",
                bundle.Id,
                "sh",
                "-c",
                "id -u; id -G; pwd; echo $SHIP; exit 3"
            )
            .Expect(3);
        Assert.Equal("1000\n500 77\n/tmp\nskiff\n", execed.Output);

        File.WriteAllText(
            bundle.Scratch("process.json"),
            """{"args": ["sh", "-c", "echo from a file; umask"], "cwd": "/", "user": {"umask": 63}, "env": ["PATH=/bin"]}"""
        );
        Assert.Equal(
            "from a file\n0077\n",
            bundle.Runtime("exec", "--process", bundle.Scratch("process.json"), bundle.Id).Expect().Output
        );
        Assert.Equal(127, bundle.Runtime("exec", bundle.Id, "nothing-of-this-name").ExitCode);
        Assert.Equal(
            "",
            bundle.Runtime("exec", "--detach", "--pid-file", bundle.Scratch("pid"), bundle.Id, "true").Expect().Output
        );
        Assert.True(int.Parse(File.ReadAllText(bundle.Scratch("pid"))) > 1);
    }

    [Fact]
    public void Pause_stops_every_process_until_resume()
    {
        using var bundle = new OciBundle("sh", "-c", "while :; do echo x; usleep 10000; done");
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        Assert.True(SpinWait.SpinUntil(() => bundle.Said.Length > 0, TimeSpan.FromSeconds(20)));
        bundle.Runtime("pause", bundle.Id).Expect();
        int length = bundle.Said.Length;
        Assert.Contains("paused", bundle.Runtime("exec", bundle.Id, "true").Expect(255).Errors, StringComparison.Ordinal);
        Assert.Equal(length, bundle.Said.Length);
        bundle.Runtime("resume", bundle.Id).Expect();
        Assert.True(SpinWait.SpinUntil(() => bundle.Said.Length > length, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Ps_list_and_events_tell_of_a_running_container()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        int pid = bundle.State().GetProperty("pid").GetInt32();
        Assert.Equal($"[{pid}]", bundle.Runtime("ps", "--format", "json", bundle.Id).Expect().Text);
        Assert.Contains("sleep 1000", bundle.Runtime("ps", bundle.Id).Expect().Output, StringComparison.Ordinal);
        Assert.Equal(bundle.Id, bundle.Runtime("list", "-q").Expect().Text);
        JsonNode listed = JsonNode.Parse(bundle.Runtime("list", "-f", "json").Expect().Output)!;
        Assert.Equal("running", (string?)listed[0]!["status"]);
        JsonNode stats = JsonNode.Parse(bundle.Runtime("events", "--stats", bundle.Id).Expect().Output)!;
        Assert.Equal("stats", (string?)stats["type"]);
        Assert.NotNull(stats["data"]!["cpu"]!["usage"]!["total"]);
    }

    [Theory]
    [InlineData("run", "--no-such-flag", "x")]
    [InlineData("create", "--no-pivot", "x")]
    [InlineData("checkpoint", "x")]
    [InlineData("restore", "x")]
    [InlineData("nonsense")]
    [InlineData("state", "../x")]
    public void What_is_not_supported_is_refused_by_name(params string[] arguments)
    {
        Result refused = Command.Run(OciBundle.Program, arguments);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(
            arguments.First(a => a.Length > 1 && a is not ("run" or "create" or "state")).TrimStart('-'),
            refused.Errors,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Features_and_version_are_in_the_form_that_engines_read()
    {
        JsonNode features = JsonNode.Parse(Command.Run(OciBundle.Program, "features").Expect().Output)!;
        Assert.Contains("createContainer", features["hooks"]!.AsArray().Select(h => (string?)h));
        Assert.Contains("mount", features["linux"]!["namespaces"]!.AsArray().Select(h => (string?)h));
        string[] version = Command.Run(OciBundle.Program, "--version").Expect().Text.Split('\n');
        Assert.StartsWith("skiff-runtime version ", version[0], StringComparison.Ordinal);
        Assert.StartsWith("commit: ", version[1], StringComparison.Ordinal);
        Assert.StartsWith("spec: 1.", version[2], StringComparison.Ordinal);
    }
}
