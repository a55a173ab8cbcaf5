// Hooks of all six kinds: when, where and with what they run, and what their failure does. runtime-spec: config.md, Hooks.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RuntimeHooksTests
{
    static readonly string[] Kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    [Fact]
    public void Hooks_run_in_order_each_with_the_state_on_its_standard_input()
    {
        using var bundle = new OciBundle("sleep", "1000");
        string shared = bundle.Scratch("shared");
        Directory.CreateDirectory(shared);
        bundle.Config["root"]!["readonly"] = false;
        // startContainer is found in the container; the place where hooks write is the same everywhere.
        bundle.Config["mounts"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["destination"] = shared,
                    ["type"] = "bind",
                    ["source"] = shared,
                    ["options"] = OciBundle.Array("rbind"),
                }
            );
        foreach (string kind in Kinds)
            bundle.AddHook(kind, OciBundle.Hook($"cat >{shared}/{kind}.json; echo {kind} >>{shared}/order"));
        bundle.Create().Expect();
        string Order() => File.ReadAllText($"{shared}/order").Trim().ReplaceLineEndings(" ");
        Assert.Equal("prestart createRuntime createContainer", Order());
        bundle.Runtime("start", bundle.Id).Expect();
        Assert.Equal("prestart createRuntime createContainer startContainer poststart", Order());
        int pid = bundle.State().GetProperty("pid").GetInt32();
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
        Assert.Equal(string.Join(' ', Kinds), Order());

        string[] statuses = ["creating", "creating", "creating", "created", "running", "stopped"];
        for (int i = 0; i < Kinds.Length; i++)
        {
            JsonNode state = JsonNode.Parse(File.ReadAllText($"{shared}/{Kinds[i]}.json"))!;
            Assert.Equal(bundle.Id, (string?)state["id"]);
            Assert.Equal(bundle.Bundle, (string?)state["bundle"]);
            Assert.Equal(statuses[i], (string?)state["status"]);
            Assert.Equal(Kinds[i] == "poststop" ? 0 : pid, (int?)state["pid"]);
        }
    }

    [Fact]
    public void Each_hook_runs_in_the_namespaces_of_its_kind()
    {
        using var bundle = new OciBundle("sleep", "1000");
        string shared = bundle.Scratch("shared");
        Directory.CreateDirectory(shared);
        bundle.Config["mounts"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["destination"] = shared,
                    ["type"] = "bind",
                    ["source"] = shared,
                    ["options"] = OciBundle.Array("rbind"),
                }
            );
        foreach (string kind in Kinds)
            bundle.AddHook(
                kind,
                OciBundle.Hook($"hostname >{shared}/{kind}; ls /bin/busybox /etc/notes >>{shared}/{kind} 2>&1; true")
            );
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        bundle.Runtime("delete", "--force", bundle.Id).Expect();
        foreach (string kind in Kinds)
        {
            string[] said = File.ReadAllLines($"{shared}/{kind}");
            bool inside = kind is "createContainer" or "startContainer";
            Assert.Equal(inside ? "skiff" : Environment.MachineName, said[0]);
            // /etc/notes is a file of the image: seen by startContainer alone, because createContainer comes before pivot_root.
            Assert.Equal(kind == "startContainer", said.Contains("/etc/notes"));
        }
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_hook_that_fails_before_the_start_undoes_create(string kind)
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.AddHook(kind, OciBundle.Hook("echo the reason >&2; exit 4"));
        bundle.AddHook("poststop", OciBundle.Hook($"touch {bundle.Scratch("poststop")}"));
        Result created = bundle.Create();
        Assert.NotEqual(0, created.ExitCode);
        Assert.Contains(kind, created.Errors, StringComparison.Ordinal);
        Assert.Contains("exit status 4", created.Errors, StringComparison.Ordinal);
        Assert.Contains("the reason", created.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(bundle.Scratch("poststop")));
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void A_startContainer_hook_that_fails_keeps_the_program_from_starting()
    {
        using var bundle = new OciBundle("echo", "started");
        bundle.AddHook("startContainer", OciBundle.Hook("exit 4"));
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect(1);
        bundle.Await("stopped");
        Assert.Equal("", bundle.Said);
    }

    [Theory]
    [InlineData("poststart")]
    [InlineData("poststop")]
    public void A_hook_that_fails_afterwards_is_only_a_warning(string kind)
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.AddHook(kind, OciBundle.Hook("exit 4"));
        bundle.AddHook(kind, OciBundle.Hook($"touch {bundle.Scratch("second")}"));
        bundle.Create().Expect();
        Result started = bundle.Runtime("start", bundle.Id).Expect();
        Result deleted = bundle.Runtime("delete", "--force", bundle.Id).Expect();
        Assert.Contains("warning", started.Errors + deleted.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(bundle.Scratch("second")));
    }

    [Fact]
    public void A_hook_that_takes_too_long_is_killed_and_has_failed()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.AddHook("createRuntime", OciBundle.Hook("exec sleep 1000", timeout: 1));
        Assert.Contains("did not end within 1 s", bundle.Create().Errors, StringComparison.Ordinal);
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void A_run_in_the_foreground_runs_them_all()
    {
        using var bundle = new OciBundle("echo", "program");
        string order = bundle.Scratch("order");
        foreach (string kind in Kinds.Where(k => k != "startContainer"))
            bundle.AddHook(kind, OciBundle.Hook($"echo {kind} >>{order}"));
        bundle.AddHook("startContainer", new JsonObject { ["path"] = "/bin/true" });
        Assert.Equal("program\n", bundle.Runtime("run", "--bundle", bundle.Bundle, bundle.Id).Expect().Output);
        Assert.Equal(Kinds.Where(k => k != "startContainer"), File.ReadAllLines(order));
    }
}
