// Builds, by the classic door with docker's own client, and by skiff build.
using System.Text;
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class BuildTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;
    readonly string context = Directory.CreateTempSubdirectory("skiff-test-context-").FullName;

    public void Dispose() => Directory.Delete(context, recursive: true);

    void Write(string name, string text)
    {
        string path = Path.Combine(context, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    Result Build(EngineUnderTest on, string client, params string[] arguments)
    {
        var environment = on.Environment();
        environment["DOCKER_BUILDKIT"] = "0";
        return Command.Run(EngineUnderTest.ClientPath(client), ["build", .. arguments, context], input: null, environment);
    }

    Result Build(string client, params string[] arguments) => Build(engine, client, arguments);

    [Theory, InlineData("docker"), InlineData("skiff")]
    public void A_rebuild_does_only_what_changed(string client)
    {
        Write("a.txt", "one");
        Write("b.txt", client);
        Write(
            "Dockerfile",
            $"FROM busybox\nENV WHO={client}\nRUN echo {client} > /first\nCOPY a.txt b.txt /x/\nRUN cat /x/a.txt > /second\nCMD cat /second\n"
        );
        string name = $"build-again-{client}";
        Build(client, "-t", name).Expect();
        string id = engine.Skiff("image", "inspect", "-f", "{{.Id}}", name).Expect().Text;

        // Times do not count, content does.
        File.SetLastWriteTimeUtc(Path.Combine(context, "a.txt"), DateTime.UnixEpoch);
        Build(client, "-t", name).Expect();
        Assert.Equal(id, engine.Skiff("image", "inspect", "-f", "{{.Id}}", name).Expect().Text);

        Write("a.txt", "two");
        var again = Build(client, "-t", name).Expect();
        string said = again.Output + again.Errors;
        Assert.Contains("a.txt changed", said, StringComparison.Ordinal);
        Assert.DoesNotContain("b.txt changed", said, StringComparison.Ordinal);
        Assert.Equal("two", engine.Skiff("run", "--rm", name).Expect().Text);
        string[] layers = Layers(name);
        Write("a.txt", "one");
        Build(client, "-t", name + "-back").Expect();
        Assert.Equal(layers.Take(2), Layers(name + "-back").Take(2)); // the base and the first RUN
        Assert.Equal(id, engine.Skiff("image", "inspect", "-f", "{{.Id}}", name + "-back").Expect().Text);
    }

    string[] Layers(string image) =>
        engine.Skiff("image", "inspect", "-f", "{{range .RootFS.Layers}}{{.}} {{end}}", image).Expect().Text.Trim().Split(' ');

    [Fact]
    public void The_classic_door_speaks_the_lines_that_scripts_parse()
    {
        Write("Dockerfile", "FROM busybox\nRUN echo heard-of-it\nRUN exit 3\n");
        var failed = Build("docker", "-t", "build-classic").Expect(3);
        Assert.Contains("Step 1/3 : FROM busybox", failed.Output, StringComparison.Ordinal);
        Assert.Contains("\nheard-of-it\n", failed.Output, StringComparison.Ordinal);
        Assert.Matches(@"---> Running in [0-9a-f]{12}\n", failed.Output);
        Assert.Contains("The command '/bin/sh -c exit 3' returned a non-zero code: 3", failed.Errors, StringComparison.Ordinal);

        Write("Dockerfile", "FROM busybox\nRUN echo heard-of-it\nCMD true\n");
        var built = Build("docker", "-t", "build-classic").Expect();
        Assert.Contains(" ---> Using cache\n", built.Output, StringComparison.Ordinal);
        Assert.Matches(@"Successfully built [0-9a-f]{12}\nSuccessfully tagged build-classic:latest\n", built.Output);
        string quiet = Build("docker", "-q").Expect().Text;
        Assert.Equal(engine.Skiff("image", "inspect", "-f", "{{.Id}}", "build-classic").Expect().Text, quiet);
    }

    [Fact]
    public void A_failing_step_shows_its_last_lines_and_leaves_the_state_before_it()
    {
        Write("Dockerfile", "FROM busybox\nRUN echo before > /state\nRUN echo last words; false\n");
        var failed = Build("skiff").Expect(1);
        Assert.Contains("last words", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("Dockerfile:3", failed.Errors, StringComparison.Ordinal);
        Assert.Contains(">>> RUN echo last words; false", failed.Errors, StringComparison.Ordinal);
        var named = System.Text.RegularExpressions.Regex.Match(failed.Errors, "skiff run --rm -it ([0-9a-f]{12}) sh");
        Assert.True(named.Success, failed.Errors);
        Assert.Equal("before", engine.Skiff("run", "--rm", named.Groups[1].Value, "cat", "/state").Expect().Text);
    }

    [Fact]
    public void Builds_leave_nothing_behind_however_they_end()
    {
        using var own = new EngineUnderTest();
        own.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        Write("Dockerfile", "FROM busybox\nRUN --mount=type=secret,id=none true\n");
        own.Skiff("rmi", Build(own, "skiff", "-q").Expect().Text).Expect(); // the places for all that is to come
        string before = Traces.AtRest(own);
        Write("Dockerfile", "FROM busybox\nCOPY missing /\n");
        Build(own, "skiff").Expect(1);
        Write("Dockerfile", "FROM busybox\nRUN --mount=type=tmpfs,target=/t exit 9\n");
        Build(own, "skiff").Expect(1);
        Write("Dockerfile", "FROM busybox\nRUN /no/such\n");
        Build(own, "docker").Expect(127);
        Write("Dockerfile", "FROM busybox\nUSER nobody-here\nRUN true\n");
        Build(own, "skiff").Expect(1);
        own.Skiff("image", "prune", "-f").Expect();
        Assert.Equal(before, Traces.AtRest(own));

        // The client goes away in the middle of a step.
        Write("Dockerfile", "FROM busybox\nRUN echo begun; sleep 5000\n");
        using (var terminal = own.OnTerminal("skiff", "build", "--progress", "plain", context))
        {
            terminal.WaitFor("begun");
            terminal.Type("\x03");
            terminal.Wait();
        }
        Assert.True(SpinWait.SpinUntil(() => Traces.Of(own) == before, TimeSpan.FromSeconds(20)), Traces.Of(own));
    }

    [Fact]
    public void An_engine_that_is_killed_in_a_step_leaves_nothing_and_keeps_what_was_done()
    {
        using var own = new EngineUnderTest();
        own.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        Write("Dockerfile", "FROM busybox\nRUN echo done > /done\n");
        string done = Build(own, "skiff", "-q").Expect().Text;
        string before = Traces.AtRest(own);
        Write("Dockerfile", "FROM busybox\nRUN echo done > /done\nRUN echo begun; sleep 5000\n");
        using (var terminal = own.OnTerminal("skiff", "build", "--progress", "plain", context))
        {
            terminal.WaitFor("begun");
            own.Crash();
            terminal.Wait();
        }
        own.Start();
        Assert.Equal(before, Traces.AtRest(own));
        Write("Dockerfile", "FROM busybox\nRUN echo done > /done\n");
        var again = Build(own, "skiff", "--iidfile", Path.Combine(own.Root, "id")).Expect();
        Assert.Contains("CACHED", again.Errors, StringComparison.Ordinal);
        Assert.Equal(done, File.ReadAllText(Path.Combine(own.Root, "id")));
    }

    [Fact]
    public void A_secret_is_seen_by_its_step_alone()
    {
        const string Secret = "hunter2-and-a-half";
        File.WriteAllText(context + ".secret", Secret);
        try
        {
            Write(
                "Dockerfile",
                "FROM busybox\n"
                    + "RUN --mount=type=secret,id=key --mount=type=secret,id=key,env=KEY,target=/k wc -c < /run/secrets/key > /size && test \"$KEY\" = \"$(cat /k)\"\n"
                    + "RUN test ! -e /run/secrets/key && test ! -e /k\n"
            );
            Build("skiff", "-t", "build-secret", "--secret", $"id=key,src={context}.secret").Expect();
        }
        finally
        {
            File.Delete(context + ".secret");
        }
        Assert.Equal(Secret.Length.ToString(), engine.Skiff("run", "--rm", "build-secret", "cat", "/size").Expect().Text.Trim());
        string archive = Path.Combine(context, "saved.tar");
        engine.Skiff("save", "-o", archive, "build-secret").Expect();
        Assert.True(File.ReadAllBytes(archive).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0);
        Assert.DoesNotContain(Secret, engine.ReadLog(), StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(engine.DataRoot, "skiff.db*"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0, file);
        }
    }

    [Fact]
    public void A_context_does_not_lead_out_of_itself()
    {
        File.CreateSymbolicLink(Path.Combine(context, "out"), "/etc/hostname");
        File.CreateSymbolicLink(Path.Combine(context, "up"), "../../../../etc/hostname");
        foreach (string name in (string[])["out", "up", "../../etc/hostname", "/etc/hostname"])
        {
            Write("Dockerfile", $"FROM busybox\nCOPY {name} /x\n");
            Assert.Contains("not found", Build("skiff").Expect(1).Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_cache_of_builds_is_counted_and_pruned()
    {
        using var own = new EngineUnderTest();
        own.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        Write("Dockerfile", "FROM busybox\nRUN head -c 3000000 /dev/urandom > /big\n");
        string id = Build(own, "skiff", "-q").Expect().Text;
        var usage = JsonNode.Parse(own.Docker("system", "df", "-v", "--format", "{{json .BuildCache}}").Expect().Text)!.AsArray();
        Assert.Single(usage);
        own.Skiff("builder", "prune", "-f").Expect(); // an image has it
        Assert.Equal(id, Build(own, "skiff", "-q").Expect().Text);
        own.Skiff("rmi", id).Expect();
        Assert.Equal(id, Build(own, "skiff", "-q").Expect().Text); // the cache had it
        own.Skiff("rmi", id).Expect();
        var pruned = own.Docker("builder", "prune", "-f").Expect();
        Assert.Matches(@"Total.*:\s+\d+(\.\d+)?MB", pruned.Output);
        Assert.NotEqual(id, Build(own, "skiff", "-q").Expect().Text);
    }

    [Fact]
    public void Two_engines_make_the_same_image_of_the_same_files()
    {
        Write("src/a.txt", "a");
        Write("src/deep/b.txt", "b");
        Write(
            "Dockerfile",
            "FROM scratch\nWORKDIR /srv/app\nCOPY --chown=7:8 src ./\nCOPY --chmod=640 src/a.txt /etc/\nENV A=b\n"
        );
        string[] arguments = ["-q", "--build-arg", "SOURCE_DATE_EPOCH=1700000000"];
        string first = Build("skiff", arguments).Expect().Text;
        using var own = new EngineUnderTest();
        Assert.Equal(first, Build(own, "skiff", arguments).Expect().Text);
        Assert.Equal("2023-11-14T22:13:20Z", own.Skiff("image", "inspect", "-f", "{{.Created}}", first).Expect().Text);
    }

    [Fact]
    public void A_dockerfile_or_a_tar_can_come_through_standard_input()
    {
        string id = engine
            .SkiffWithInput("FROM busybox\nRUN echo from-stdin > /x\n"u8.ToArray(), "build", "-q", "-")
            .Expect()
            .Text;
        Assert.Equal("from-stdin", engine.Skiff("run", "--rm", id, "cat", "/x").Expect().Text);
        Write("Dockerfile", "FROM busybox\nCOPY f /f\n");
        Write("f", "from-tar");
        Command.Run("tar", "-C", context, "-czf", context + ".tgz", ".").Expect();
        byte[] tar = File.ReadAllBytes(context + ".tgz");
        File.Delete(context + ".tgz");
        foreach (string client in (string[])["skiff", "docker"])
        {
            var environment = engine.Environment();
            environment["DOCKER_BUILDKIT"] = "0";
            id = Command.Run(EngineUnderTest.ClientPath(client), ["build", "-q", "-"], tar, environment).Expect().Text;
            Assert.Equal("from-tar", engine.Skiff("run", "--rm", id, "cat", "/f").Expect().Text);
        }
    }

    [Fact]
    public void Check_tells_without_building()
    {
        Write("Dockerfile", "FROM busybox\nMAINTAINER me\nRUN exit 1\n");
        var told = Build("skiff", "--check").Expect(1);
        Assert.Contains("MaintainerDeprecated", told.Output, StringComparison.Ordinal);
        Assert.Contains("Dockerfile:2", told.Output, StringComparison.Ordinal);
        Write("Dockerfile", "FROM busybox\nRUN exit 1\n");
        Build("skiff", "--check").Expect();
        Write("Dockerfile", "# check=error=true\nFROM busybox\nMAINTAINER me\n");
        Assert.Contains("lint violation", Build("skiff").Expect(1).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [
        InlineData("--cache-from", "x"),
        InlineData("--ssh", "default"),
        InlineData("--output", "type=local,dest=/x"),
        InlineData("--call", "outline")
    ]
    public void What_is_not_there_yet_says_so_by_name(string flag, string value)
    {
        Write("Dockerfile", "FROM busybox\n");
        Assert.Contains($"{flag}", Build("skiff", flag, value).Errors, StringComparison.Ordinal);
    }
}
