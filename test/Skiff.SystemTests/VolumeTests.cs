// Volumes: data that outlives containers, by both clients.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class VolumeTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    string Do(string client, params string[] command) => engine.Client(client, command, null).Expect().Text;

    string Skiff(params string[] command) => Do("skiff", command);

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void A_volume_is_made_found_used_and_removed(string client)
    {
        string name = $"vol-life-{client}";
        Assert.Equal(name, Do(client, "volume", "create", "--label", "kind=test", name));
        Assert.Equal(name, Do(client, "volume", "create", name));
        Assert.Equal(name, Do(client, "volume", "ls", "-q", "--filter", "label=kind=test", "--filter", "name=" + name));
        string place = Do(client, "volume", "inspect", "-f", "{{.Mountpoint}}", name);
        Assert.True(Directory.Exists(place));

        Do(client, "run", "--rm", "-v", name + ":/data", "busybox", "sh", "-c", "echo kept > /data/file");
        Assert.Equal("kept", Do(client, "run", "--rm", "-v", name + ":/data:ro", "busybox", "cat", "/data/file"));
        var written = engine.Client(client, ["run", "--rm", "-v", name + ":/data:ro", "busybox", "touch", "/data/x"], null);
        Assert.Contains("Read-only file system", written.Expect(1).Errors, StringComparison.Ordinal);

        string id = Do(client, "create", "--mount", $"type=volume,src={name},dst=/data", "busybox", "true");
        var refused = engine.Client(client, ["volume", "rm", name], null).Expect(1);
        Assert.Contains($"remove {name}: volume is in use - [{id}]", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(id[..12], Do(client, "ps", "-aq", "--filter", "volume=" + name));
        Do(client, "rm", "-v", id); // one with a name stays
        Assert.Equal("kept", File.ReadAllText(Path.Combine(place, "file")).Trim());
        Do(client, "volume", "rm", name);
        Assert.False(Directory.Exists(Path.GetDirectoryName(place)));
        Assert.Contains(
            $"get {name}: no such volume",
            engine.Client(client, ["volume", "rm", name], null).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Do(client, "volume", "rm", "-f", name);
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void What_nobody_named_goes_with_its_container(string client)
    {
        string id = Do(client, "create", "-v", "/data", "--mount", "type=volume,dst=/more", "busybox", "true");
        string[] names = Do(client, "inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", id).Trim().Split(' ');
        Assert.Equal(2, names.Length);
        Assert.All(names, n => Assert.Equal(64, n.Length));
        Do(client, "rm", id);
        Assert.Equal(names[0], Do(client, "volume", "ls", "-q", "--filter", "name=" + names[0]));
        Do(client, ["volume", "rm", .. names]);

        id = Do(client, "create", "-v", "/data", "busybox", "true");
        string name = Do(client, "inspect", "-f", "{{(index .Mounts 0).Name}}", id);
        Do(client, "rm", "-v", id);
        engine.Client(client, ["volume", "inspect", name], null).Expect(1);

        string before = Do(client, "volume", "ls", "-q");
        Do(client, "run", "--rm", "-v", "/data", "busybox", "touch", "/data/x");
        Assert.Equal(before, Do(client, "volume", "ls", "-q"));
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void An_empty_volume_gets_what_the_image_has(string client)
    {
        string image = $"vol-image-{client}";
        string made = Skiff(
            "run",
            "-d",
            "busybox",
            "sh",
            "-c",
            "mkdir -p /data/sub && echo one > /data/sub/a && ln /data/sub/a /data/b && ln -s b /data/link && mkfifo /data/pipe "
                + "&& chown -R 7:8 /data && chmod 2751 /data/sub && chmod 4755 /data/b && touch -d '2001-02-03 04:05:06' /data/b && chmod 700 /data"
        );
        Skiff("wait", made);
        Skiff("commit", "--change", "VOLUME /data", made, image);
        Skiff("rm", made);
        const string Look = "cd /data && stat -c '%n %F %a %u:%g %h %Y' . sub sub/a b link pipe && cat b && readlink link";
        string expected = Do(client, "run", "--rm", "-v", "/elsewhere", image, "sh", "-c", Look);
        Assert.Contains("b regular file 4755 7:8 2 981173106", expected, StringComparison.Ordinal);
        string name = $"vol-seed-{client}";

        // The volume that the image asks for, one with a name, and one that is full already.
        string own = Do(client, "create", image, "sh", "-c", Look);
        Assert.Equal("/data", Do(client, "inspect", "-f", "{{(index .Mounts 0).Destination}}", own));
        Assert.Equal(expected, Do(client, "start", "-a", own));
        Assert.Equal(expected, Do(client, "run", "--rm", "-v", name + ":/data", image, "sh", "-c", Look));
        Do(client, "run", "--rm", "-v", name + ":/data", "busybox", "rm", "-r", "/data/sub");
        Assert.Equal("b link pipe", Do(client, "run", "--rm", "-v", name + ":/data", image, "sh", "-c", "echo $(ls /data)"));
        Assert.Equal("", Do(client, "run", "--rm", "-v", name + "2:/data:nocopy", image, "ls", "/data"));
        Do(client, "rm", "-v", own);
        Do(client, "volume", "rm", name, name + "2");
        Do(client, "rmi", image);
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void Containers_share_what_others_mount(string client)
    {
        string name = $"vol-from-{client}";
        string first = Do(
            client,
            "run",
            "-d",
            "-v",
            name + ":/a",
            "-v",
            "/tmp:/b:ro",
            "-v",
            "/anonymous",
            "busybox",
            "sleep",
            "60"
        );
        Do(client, "exec", first, "sh", "-c", "echo 1 > /a/x; echo 2 > /anonymous/y");
        Assert.Equal(
            "1 2",
            Do(client, "run", "--rm", "--volumes-from", first, "busybox", "sh", "-c", "echo $(cat /a/x /anonymous/y); test -d /b")
        );
        var written = engine.Client(client, ["run", "--rm", "--volumes-from", first + ":ro", "busybox", "touch", "/a/z"], null);
        Assert.Contains("Read-only file system", written.Expect(1).Errors, StringComparison.Ordinal);
        // --rm of the second container has not taken the first one's.
        Assert.Equal("2", Do(client, "exec", first, "cat", "/anonymous/y"));
        Do(client, "rm", "-vf", first);
        Do(client, "volume", "rm", name);
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void A_part_of_a_volume_can_be_mounted_and_no_link_leads_out_of_it(string client)
    {
        string name = $"vol-part-{client}";
        Do(
            client,
            "run",
            "--rm",
            "-v",
            name + ":/v",
            "busybox",
            "sh",
            "-c",
            "mkdir -p /v/in/deep; echo x > /v/in/deep/f; ln -s /etc /v/out; ln -s ../../../../etc /v/up"
        );
        string mount = $"type=volume,src={name},dst=/part,volume-subpath=";
        Assert.Equal("f", Do(client, "run", "--rm", "--mount", mount + "in/deep", "busybox", "ls", "/part"));
        Assert.Equal("x", Do(client, "run", "--rm", "--mount", mount + "in/deep/f", "busybox", "cat", "/part"));
        foreach (var (way, code) in ((string, int)[])[("out", 125), ("up", 125), ("none", 127)])
        {
            var refused = engine
                .Client(client, ["run", "--rm", "--mount", mount + way, "busybox", "ls", "/part"], null)
                .Expect(code);
            Assert.Contains("cannot access path", refused.Errors, StringComparison.Ordinal);
        }
        Do(client, "volume", "rm", name);
    }

    [Fact]
    public void A_volume_in_memory_is_shared_while_it_is_used_and_gone_after()
    {
        Skiff("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,uid=5", "vol-tmpfs");
        string first = Skiff("run", "-d", "-v", "vol-tmpfs:/m", "busybox", "sleep", "60");
        Skiff("exec", first, "sh", "-c", "echo here > /m/f");
        Assert.Equal(
            "here 5",
            Skiff("run", "--rm", "-v", "vol-tmpfs:/m", "busybox", "sh", "-c", "echo $(cat /m/f) $(stat -c %u /m)")
        );
        Assert.Contains(
            "No space left on device",
            engine.Skiff("exec", first, "dd", "if=/dev/zero", "of=/m/big", "bs=1M", "count=2").Expect(1).Errors,
            StringComparison.Ordinal
        );
        string place = Skiff("volume", "inspect", "-f", "{{.Mountpoint}}", "vol-tmpfs");
        Assert.Contains($" {place} ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Skiff("rm", "-f", first);
        Assert.DoesNotContain($" {place} ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Equal("", Skiff("run", "--rm", "-v", "vol-tmpfs:/m", "busybox", "ls", "/m"));
        Skiff("volume", "rm", "vol-tmpfs");
    }

    [Fact]
    public void A_crash_of_the_engine_loses_no_data_and_leaves_no_mount()
    {
        using var own = new EngineUnderTest();
        own.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        own.Skiff("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "memory").Expect();
        string id = own.Skiff("run", "-d", "-v", "kept:/k", "-v", "memory:/m", "busybox", "sleep", "60").Expect().Text;
        own.Skiff("exec", id, "sh", "-c", "echo data > /k/f; echo mem > /m/f").Expect();
        own.Crash();
        own.Start();
        Assert.Equal("data mem", own.Skiff("exec", id, "sh", "-c", "echo $(cat /k/f /m/f)").Expect().Text);
        Assert.Contains("volume is in use", own.Skiff("volume", "rm", "kept").Expect(1).Errors, StringComparison.Ordinal);
        own.Skiff("rm", "-f", id).Expect();
        Assert.DoesNotContain(own.DataRoot, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Equal("data", own.Skiff("run", "--rm", "-v", "kept:/k", "busybox", "cat", "/k/f").Expect().Text);

        id = own.Skiff("run", "-d", "-v", "memory:/m", "busybox", "sleep", "60").Expect().Text;
        string pid = own.Skiff("inspect", "-f", "{{.State.Pid}}", id).Expect().Text;
        own.Crash();
        Command.Run("kill", "-9", pid).Expect();
        own.Start();
        own.Skiff("wait", id).Expect();
        Assert.DoesNotContain(own.DataRoot, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void Prune_takes_what_nobody_named_and_with_all_the_rest_too(string client)
    {
        string label = $"prune-{client}";
        string[] mount = ["--mount", $"type=volume,dst=/x,volume-label={label}=1"];
        string id = Do(client, ["create", .. mount, "busybox", "true"]);
        string anonymous = Do(client, "inspect", "-f", "{{(index .Mounts 0).Name}}", id);
        Do(client, "rm", id);
        string used = Do(client, ["create", .. mount, "busybox", "true"]);
        string named = Do(client, "volume", "create", "--label", label + "=1", $"vol-{label}");

        string told = Do(client, "volume", "prune", "-f", "--filter", "label=" + label);
        Assert.StartsWith($"Deleted Volumes:\n{anonymous}\n", told, StringComparison.Ordinal);
        Assert.DoesNotContain(named, told, StringComparison.Ordinal);
        told = Do(client, "volume", "prune", "-af", "--filter", "label=" + label);
        Assert.StartsWith($"Deleted Volumes:\n{named}\n", told, StringComparison.Ordinal);
        Do(client, "rm", "-v", used);
    }

    [Theory, InlineData("skiff"), InlineData("docker")]
    public void Cp_reaches_into_the_volumes_of_a_stopped_container(string client)
    {
        string id = Do(client, "create", "-v", "/data", "busybox", "cat", "/data/passwd");
        Do(client, "cp", "/etc/passwd", id + ":/data/");
        Assert.Equal(File.ReadAllText("/etc/passwd").Trim(), Do(client, "start", "-a", id));
        Do(client, "rm", "-v", id);
    }

    [Theory]
    [InlineData("create a/b: \"a/b\" includes invalid characters for a local volume name", "volume", "create", "a/b")]
    [InlineData(
        "create x: volume name is too short, names should be at least two alphanumeric characters",
        "volume",
        "create",
        "x"
    )]
    [InlineData(
        "create xx: error looking up volume plugin nope: plugin \"nope\" not found",
        "volume",
        "create",
        "-d",
        "nope",
        "xx"
    )]
    [InlineData("create xx: invalid option: \"foo\"", "volume", "create", "-o", "foo=bar", "xx")]
    [InlineData("create xx: missing required option: \"device\"", "volume", "create", "-o", "type=tmpfs", "xx")]
    [InlineData("get nono: no such volume", "volume", "inspect", "nono")]
    public void What_makes_no_sense_is_refused_in_dockers_words(string message, params string[] command)
    {
        string before = Skiff("volume", "ls", "-q");
        foreach (string client in (string[])["skiff", "docker"])
            Assert.Contains(message, engine.Client(client, command, null).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Equal(before, Skiff("volume", "ls", "-q"));
    }

    [Fact]
    public void A_creation_that_fails_leaves_no_volume()
    {
        string before = Skiff("volume", "ls", "-q");
        engine.Skiff("create", "-v", "/data", "-v", "vol-new:/x", "--memory", "1k", "busybox", "true").Expect(1);
        engine.Skiff("create", "-v", "/data", "-v", "vol-new:/x", "--volumes-from", "nobody", "busybox", "true").Expect(1);
        Assert.Equal(before, Skiff("volume", "ls", "-q"));
    }

    [Fact]
    public void Root_of_a_container_with_users_of_its_own_owns_its_volume_and_nothing_on_the_host()
    {
        Kernel.Require(6, 15, "layers with mapped ids");
        string id = Skiff("run", "-d", "--userns=auto", "-v", "vol-users:/data", "busybox", "sleep", "60");
        Skiff("exec", id, "sh", "-c", "echo x > /data/f && chown 5:6 /data/f && stat -c %u:%g /data");
        Assert.Equal("5:6 0:0", Skiff("exec", id, "sh", "-c", "echo $(stat -c %u:%g /data/f /data)"));
        Assert.NotEqual(
            "0",
            File.ReadAllText($"/proc/{Skiff("inspect", "-f", "{{.State.Pid}}", id)}/uid_map")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]
        );
        // The next container has other users, and finds the same owners.
        Assert.Equal(
            "5:6",
            Skiff("run", "--rm", "--userns=auto", "-v", "vol-users:/data", "busybox", "stat", "-c", "%u:%g", "/data/f")
        );
        Skiff("rm", "-f", id);
        Skiff("volume", "rm", "vol-users");
    }

    [Fact]
    public void Disk_usage_counts_volumes()
    {
        string id = Skiff(
            "run",
            "-d",
            "-v",
            "vol-usage:/data",
            "busybox",
            "dd",
            "if=/dev/zero",
            "of=/data/f",
            "bs=1M",
            "count=3"
        );
        Skiff("wait", id);
        var usage = JsonNode.Parse(engine.Docker("system", "df", "-v", "--format", "{{json .Volumes}}").Expect().Output)!;
        var mine = usage.AsArray().Single(v => (string?)v!["Name"] == "vol-usage")!;
        Assert.Equal(("1", "3.146MB"), ((string?)mine["Links"], (string?)mine["Size"]));
        Skiff("rm", id);
        Skiff("volume", "rm", "vol-usage");
    }
}
