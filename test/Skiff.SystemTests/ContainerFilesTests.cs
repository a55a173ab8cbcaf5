// What users do with a container's files: diff, sizes, cp both ways, export, commit; by both clients.
using System.Formats.Tar;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class ContainerFilesTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly string here = Directory.CreateTempSubdirectory("skiff-files-").FullName;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    public void Dispose() => Directory.Delete(here, recursive: true);

    Result Run(string client, params string[] arguments) => engine.Client(client, arguments, null);

    /// <summary>A running container; its script has run when this returns.</summary>
    string Running(string script, params string[] flags)
    {
        string id = engine.Skiff(["run", "-d", .. flags, "busybox", "sleep", "1000"]).Expect().Text;
        engine.Skiff("exec", id, "sh", "-c", script).Expect();
        return id;
    }

    void Remove(string id) => engine.Skiff("rm", "-f", id).Expect();

    string Inside(string id, string script) => engine.Skiff("exec", id, "sh", "-c", script).Expect().Text;

    [Theory, MemberData(nameof(Clients))]
    public void Diff_names_what_was_added_changed_and_deleted_and_nothing_else(string client)
    {
        string id = Running("mkdir /d; echo 1 >/d/f; echo x >>/etc/passwd; rm /bin/vi");
        Assert.Equal("C /bin\nD /bin/vi\nA /d\nA /d/f\nC /etc\nC /etc/passwd", Run(client, "diff", id).Expect().Text);
        Remove(id);
    }

    [Fact]
    public void Sizes_are_those_of_the_containers_own_files()
    {
        string id = Running("head -c 100000 /dev/zero >/f");
        Assert.Equal("100000", engine.Skiff("inspect", "-s", "-f", "{{.SizeRw}}", id).Expect().Text);
        Assert.Matches(
            @"^100kB \(virtual ",
            engine.Skiff("ps", "-s", "--filter", $"id={id}", "--format", "{{.Size}}").Expect().Text
        );
        Remove(id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Copies_out_by_dockers_table(string client)
    {
        string id = Running("mkdir /d; echo one >/d/f; ln -s /d/f /l; ln -s /d /ld");
        Directory.CreateDirectory(Path.Combine(here, "there"));
        Run(client, "cp", $"{id}:/d/f", here).Expect();
        Run(client, "cp", $"{id}:/d", Path.Combine(here, "renamed")).Expect();
        Run(client, "cp", $"{id}:/d", Path.Combine(here, "there")).Expect();
        Run(client, "cp", $"{id}:/d/.", Path.Combine(here, "there")).Expect();
        Run(client, "cp", $"{id}:/l", here).Expect();
        Run(client, "cp", "-L", $"{id}:/l", Path.Combine(here, "followed")).Expect();
        Run(client, "cp", $"{id}:/ld/", Path.Combine(here, "behind")).Expect();
        string[] names =
        [
            .. Directory
                .EnumerateFiles(here, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(here, f))
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["behind/f", "f", "followed", "l", "renamed/f", "there/d/f", "there/f"], names);
        Assert.Equal("/d/f", new FileInfo(Path.Combine(here, "l")).LinkTarget);
        Assert.Equal("one\n", File.ReadAllText(Path.Combine(here, "followed")));
        Assert.Contains("No such container", Run(client, "cp", "nobody:/x", here).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains(
            "Could not find the file /nope",
            Run(client, "cp", $"{id}:/nope", here).Expect(1).Errors,
            StringComparison.Ordinal
        );
        Remove(id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Copies_in_by_dockers_table(string client)
    {
        string id = Running(
            "mkdir -p /w/dir; echo old >/w/file; ln -s /w/dir /w/ld; ln -s /w/file /w/lf; ln -s /w/gone /w/dangling"
        );
        Directory.CreateDirectory(Path.Combine(here, "t", "sub"));
        File.WriteAllText(Path.Combine(here, "a"), "A\n");
        File.WriteAllText(Path.Combine(here, "t", "b"), "B\n");
        File.WriteAllText(Path.Combine(here, "t", "sub", "c"), "C\n");
        string a = Path.Combine(here, "a");
        string t = Path.Combine(here, "t");
        foreach (string destination in (string[])["/w/new", "/w/dir", "/w/lf", "/w/dangling"])
            Run(client, "cp", a, $"{id}:{destination}").Expect();
        Run(client, "cp", t, $"{id}:/w/tree").Expect();
        Run(client, "cp", t, $"{id}:/w/dir").Expect();
        Run(client, "cp", t + "/.", $"{id}:/w/ld").Expect();
        Assert.Equal(
            "/w/dangling /w/dir/a /w/dir/b /w/dir/sub/c /w/dir/t/b /w/dir/t/sub/c /w/file /w/gone /w/ld /w/lf /w/new /w/tree/b /w/tree/sub/c",
            Inside(id, "echo $(find /w -type f -o -type l | sort)")
        );
        Assert.Equal("A", Inside(id, "cat /w/file"));
        Assert.Contains("no such directory", Run(client, "cp", a, $"{id}:/w/none/").Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains(
            "cannot copy directory",
            Run(client, "cp", t, $"{id}:/w/file").Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "must be a directory or a regular file",
            Run(client, "cp", a, $"{id}:/dev/null").Expect(1).Errors,
            StringComparison.Ordinal
        );
        Assert.Contains("not supported", Run(client, "cp", $"{id}:/w", $"{id}:/x").Expect(1).Errors, StringComparison.Ordinal);
        Remove(id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Copies_of_a_stopped_container_are_there_when_it_starts(string client)
    {
        string id = engine.Skiff("create", "busybox", "cat", "/note").Expect().Text;
        File.WriteAllText(Path.Combine(here, "note"), "from outside\n");
        Run(client, "cp", Path.Combine(here, "note"), $"{id}:/").Expect();
        Assert.Equal("from outside\n", engine.Skiff("start", "-a", id).Expect().Output);
        Run(client, "cp", $"{id}:/note", Path.Combine(here, "back")).Expect();
        Assert.Equal("from outside\n", File.ReadAllText(Path.Combine(here, "back")));
        Remove(id);
    }

    [Fact]
    public void A_tar_goes_in_and_comes_out_and_a_volume_is_part_of_it()
    {
        string volume = Directory.CreateDirectory(Path.Combine(here, "volume")).FullName;
        string id = Running("mkdir /w; echo in >/data/f", "-v", $"{volume}:/data");
        byte[] tar = TarOf(("x", TarEntryType.RegularFile, "X"), (".wh.x", TarEntryType.RegularFile, "no whiteout"));
        engine.SkiffWithInput(tar, "cp", "-", $"{id}:/data").Expect();
        Assert.Equal(".wh.x f x", Inside(id, "echo $(ls -A /data)"));
        Run("skiff", "cp", $"{id}:/data", here).Expect();
        Assert.Equal("in\n", File.ReadAllText(Path.Combine(here, "data", "f")));
        // Stopped, the volume is still where it was.
        engine.Skiff("stop", "-t", "0", id).Expect();
        Run("skiff", "cp", $"{id}:/data/f", Path.Combine(here, "again")).Expect();
        Assert.Equal("in\n", File.ReadAllText(Path.Combine(here, "again")));
        Remove(id);
    }

    [Theory]
    [InlineData("../escaped", null)]
    [InlineData("a/../../escaped", null)]
    public void An_entry_that_leads_out_of_the_container_is_refused(string name, string? link)
    {
        string id = Running("mkdir /w");
        var result = engine.SkiffWithInput(TarOf((name, TarEntryType.RegularFile, link ?? "")), "cp", "-", $"{id}:/w");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("escape", result.Errors, StringComparison.Ordinal);
        Remove(id);
    }

    [Fact]
    public void Links_of_the_container_never_lead_to_the_host()
    {
        string secret = Path.Combine(here, "secret");
        File.WriteAllText(secret, "of the host");
        string id = Running($"ln -s {secret} /out; ln -s {here} /dir; mkdir /w; ln -s {here} /w/in");
        Assert.Equal(1, Run("skiff", "cp", "-L", $"{id}:/out", Path.Combine(here, "got")).ExitCode);
        Assert.Equal(1, Run("skiff", "cp", $"{id}:/dir/secret", Path.Combine(here, "got")).ExitCode);
        File.WriteAllText(Path.Combine(here, "evil"), "x");
        Assert.Equal(1, Run("skiff", "cp", Path.Combine(here, "evil"), $"{id}:/dir/evil2").ExitCode);
        byte[] tar = TarOf(("in/planted", TarEntryType.RegularFile, "x"));
        engine.SkiffWithInput(tar, "cp", "-", $"{id}:/w");
        Assert.Equal(["evil", "secret"], Directory.GetFiles(here).Select(Path.GetFileName).Order());
        Remove(id);
    }

    [Fact]
    public void A_container_that_swaps_a_directory_for_a_link_wins_nothing()
    {
        string target = Directory.CreateDirectory(Path.Combine(here, "target")).FullName;
        string id = Running(
            $"mkdir /real; ln -s {target} /link; (while :; do mv /real /x; mv /link /real; mv /real /link; mv /x /real; done) >/dev/null 2>&1 &"
        );
        string file = Path.Combine(here, "f");
        File.WriteAllText(file, "x");
        for (int i = 0; i < 20; i++)
            Run("skiff", "cp", file, $"{id}:/real/"); // succeeds or not
        Assert.Empty(Directory.GetFiles(target));
        Remove(id);
    }

    [Fact]
    public void A_file_that_is_mounted_in_the_container_is_not_replaced_from_outside()
    {
        string id = Running("true");
        File.WriteAllText(Path.Combine(here, "hosts"), "x");
        var result = Run("skiff", "cp", Path.Combine(here, "hosts"), $"{id}:/etc/hosts").Expect(1);
        Assert.Contains("busy", result.Errors, StringComparison.Ordinal);
        Assert.Contains("localhost", Inside(id, "cat /etc/hosts"), StringComparison.Ordinal);
        Remove(id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Export_writes_the_root_of_a_container_that_does_not_run(string client)
    {
        string id = Run(client, "create", "busybox").Expect().Text;
        string tar = Path.Combine(here, "stopped.tar");
        Run(client, "export", "-o", tar, id).Expect();
        Assert.Contains("bin/busybox", Command.Run("tar", "-tf", tar).Expect().Output, StringComparison.Ordinal);
        Remove(id);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Export_writes_the_root_without_what_is_mounted(string client)
    {
        string id = Running("echo 1 >/f; rm /bin/vi");
        string tar = Path.Combine(here, "root.tar");
        Run(client, "export", "-o", tar, id).Expect();
        var names = new Dictionary<string, long>();
        using (var reader = new TarReader(File.OpenRead(tar)))
            while (reader.GetNextEntry() is { } entry)
                names[entry.Name.TrimEnd('/')] = entry.Length;
        Assert.Equal(2, names["f"]);
        Assert.Equal(0, names["etc/hosts"]);
        Assert.Contains("bin/busybox", names.Keys);
        Assert.DoesNotContain("bin/vi", names.Keys);
        Assert.DoesNotContain(names.Keys, n => n.StartsWith("proc/", StringComparison.Ordinal));
        string image = engine.SkiffWithInput(File.ReadAllBytes(tar), "import", "-").Expect().Text;
        Assert.Equal("1\n", engine.Skiff("run", "--rm", image, "cat", "/f").Expect().Output);
        engine.Skiff("rmi", image).Expect();
        Remove(id);
    }

    [Fact]
    public void Commit_takes_a_configuration_in_its_body()
    {
        using var api = new ApiClient(engine.Socket);
        string id = engine.Skiff("create", "-e", "A=1", "-e", "B=2", "busybox", "true").Expect().Text;
        api.Post($"commit?container={id}&repo=committed-body", """{"Cmd":["env"],"Env":["A=3"],"Labels":{"l":"1"}}""");
        Assert.Equal("A=3", engine.Skiff("run", "--rm", "committed-body").Expect().Text.Split('\n').Single(l => l[0] == 'A'));
        Assert.Equal(
            "B=2 1",
            engine.Skiff("inspect", "-f", "{{index .Config.Env 1}} {{.Config.Labels.l}}", "committed-body").Expect().Text
        );
        api.Post($"commit?container={id}&repo=committed-null", "null");
        Assert.Equal("[true]", engine.Skiff("inspect", "-f", "{{.Config.Cmd}}", "committed-null").Expect().Text);
        Remove(id);
        engine.Skiff("rmi", "committed-body", "committed-null").Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void Commit_makes_an_image_that_is_pushed_pulled_and_run(string client)
    {
        string name = $"{port.Registry.Host}/own/{client}:1";
        string id = Running("echo kept >/f; rm /bin/vi; ln /f /g; chmod 4711 /f; mkdir /empty; rm -r /root; mkdir /root");
        string image = Run(client, "commit", "-a", "me", "-m", "why", "-c", "CMD [\"cat\",\"/g\"]", "-c", "ENV A=1", id, name)
            .Expect()
            .Text;
        Assert.StartsWith("sha256:", image, StringComparison.Ordinal);
        Assert.Equal(
            "me why [cat /g] running",
            $"{engine.Skiff("inspect", "-f", "{{.Author}} {{.Comment}} {{.Config.Cmd}}", name).Expect().Text} "
                + engine.Skiff("inspect", "-f", "{{.State.Status}}", id).Expect().Text
        );
        Remove(id);
        engine.Skiff("push", name).Expect();
        engine.Skiff("rmi", name).Expect();
        Assert.Equal("kept\n", engine.Skiff("run", "--rm", name).Expect().Output);
        Assert.Equal(
            "2 4711 1 empty none",
            engine
                .Skiff(
                    "run",
                    "--rm",
                    name,
                    "sh",
                    "-c",
                    "echo $(stat -c '%h %a' /f) $A $(ls -d /empty | cut -c2-) $(ls /bin/vi 2>/dev/null || echo none)"
                )
                .Expect()
                .Text
        );
        engine.Skiff("rmi", name).Expect();
    }

    static byte[] TarOf(params (string Name, TarEntryType Type, string Content)[] entries)
    {
        using var buffer = new MemoryStream();
        using (var writer = new TarWriter(buffer, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var (name, type, content) in entries)
                writer.WriteEntry(
                    new PaxTarEntry(type, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)) }
                );
        return buffer.ToArray();
    }
}
