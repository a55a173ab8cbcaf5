// Wrong input gets a clear error and its exit code, changes nothing, and the engine lives on; by both clients.
using System.Formats.Tar;
using System.IO.Compression;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class BadInputTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = port.Engine;

    public static TheoryData<string> Clients => ["skiff", "docker"];

    /// <summary>After every test the engine still answers.</summary>
    public void Dispose() => engine.Skiff("version").Expect();

    void Fails(string client, int exitCode, string message, params string[] arguments)
    {
        var result = engine.Client(client, arguments, null).Expect(exitCode);
        Assert.Contains(message, result.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Theory, MemberData(nameof(Clients))]
    public void An_unknown_image(string client) => Fails(client, 125, "not found", "run", $"{port.Registry.Host}/no-such-image");

    [Theory, MemberData(nameof(Clients))]
    public void An_unknown_tag(string client) =>
        Fails(client, 125, "manifest unknown", "run", $"{port.Registry.Host}/library/busybox:nope");

    [Theory, MemberData(nameof(Clients))]
    public void A_malformed_reference(string client)
    {
        Fails(client, 125, "invalid reference format", "run", "busy:box:x");
        Fails(client, 125, "must be lowercase", "run", "BusyBox");
    }

    [Theory, MemberData(nameof(Clients))]
    public void No_such_container(string client)
    {
        foreach (string verb in (string[])["start", "stop", "kill", "rm", "logs", "wait", "top", "attach"])
            Fails(client, 1, "No such container: nobody", verb, "nobody");
        Fails(client, 1, "No such container: nobody", "exec", "nobody", "true");
        Fails(client, 1, "nobody", "inspect", "nobody");
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_name_that_is_taken(string client)
    {
        string name = $"taken-{client}";
        engine.Skiff("create", "--name", name, "busybox").Expect();
        Fails(client, 125, $"The container name \"/{name}\" is already in use by container", "run", "--name", name, "busybox");
        engine.Skiff("rm", name).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_wrong_name(string client) => Fails(client, 125, "Invalid container name", "run", "--name", "a b", "busybox");

    [Theory, MemberData(nameof(Clients))]
    public void A_wrong_flag(string client) => Fails(client, 125, "--no-such-flag", "run", "--no-such-flag", "busybox");

    [Theory, MemberData(nameof(Clients))]
    public void A_command_that_is_not_there(string client)
    {
        Fails(client, 127, "executable file not found in $PATH", "run", "--rm", "busybox", "no-such-command");
        Fails(client, 127, "no such file or directory", "run", "--rm", "busybox", "/no/such/command");
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_file_that_is_not_executable(string client) =>
        Fails(client, 126, "permission denied", "run", "--rm", "busybox", "/etc/passwd");

    [Theory, MemberData(nameof(Clients))]
    public void An_unknown_user(string client) =>
        Fails(client, 125, "unable to find user nobody-here", "run", "--rm", "-u", "nobody-here", "busybox", "true");

    [Theory, MemberData(nameof(Clients))]
    public void Settings_that_make_no_sense(string client)
    {
        string[] run = ["run", "--rm"];
        Fails(client, 125, "invalid signal: BOGUS", [.. run, "--stop-signal", "BOGUS", "busybox", "true"]);
        Fails(
            client,
            125,
            "Interval in Healthcheck cannot be less than 1ms",
            [.. run, "--health-cmd", "x", "--health-interval", "1ns", "busybox"]
        );
        Fails(client, 125, "IP address is not correctly formatted: x", [.. run, "--dns", "x", "busybox", "true"]);
        // Not "not found", which has clients pull the image.
        var result = engine.Client(client, [.. run, "--volumes-from", "nobody", "busybox", "true"], null).Expect(125);
        Assert.Contains("No such container: nobody", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Unable to find image", result.Errors, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Clients))]
    public void Execs_and_attaches_that_make_no_sense(string client)
    {
        string id = engine.Skiff("run", "-d", "busybox", "sleep", "1000").Expect().Text;
        try
        {
            Fails(client, 1, "unable to find user nobody-here", "exec", "-u", "nobody-here", id, "true");
            string said = engine.Client(client, ["exec", "-w", "/nowhere", id, "true"], null).Expect(127).Output;
            Assert.Contains("no such file or directory", said, StringComparison.Ordinal);
            Fails(
                client,
                1,
                client == "docker" ? "received 400" : "Invalid escape keys (x,,y)",
                "attach",
                "--detach-keys",
                "x,,y",
                id
            );
            Fails(client, 1, $"cannot kill container: {id}: invalid signal: BOGUS", "kill", "-s", "BOGUS", id);
        }
        finally
        {
            engine.Skiff("rm", "-f", id).Expect();
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public void Limits_that_make_no_sense(string client)
    {
        Fails(client, 125, "Minimum memory limit", "run", "--rm", "-m", "1k", "busybox", "true");
        Fails(client, 125, "NO_SUCH_CAP", "run", "--rm", "--cap-add", "no_such_cap", "busybox", "true");
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_flag_that_is_not_supported_yet_is_named(string client)
    {
        Fails(client, 125, "--storage-opt", "run", "--rm", "--storage-opt", "size=1G", "busybox", "true");
    }

    [Fact]
    public void Nothing_of_all_that_is_left_behind()
    {
        // Other tests share this engine and come and go: look only at what carries this test's label.
        engine.Skiff("run", "--rm", "--label", "left=behind", "busybox", "no-such-command").Expect(127);
        engine.Skiff("run", "--rm", "--label", "left=behind", "-u", "nobody-here", "busybox", "true").Expect(125);
        Assert.Equal("", engine.Skiff("ps", "-aq", "--filter", "label=left=behind").Expect().Text);
        engine.Skiff("run", "--label", "left=behind", "busybox", "no-such-command").Expect(127);
        string kept = engine.Skiff("ps", "-aq", "--filter", "label=left=behind").Expect().Text;
        Assert.NotEqual("", kept);
        engine.Skiff("rm", kept).Expect();
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_registry_that_is_down(string client) =>
        Fails(client, 125, "connection refused", "run", $"127.0.0.1:{LoopbackRegistry.FreePort()}/x");

    [Fact]
    public void A_layer_with_another_digest_than_promised()
    {
        using var scene = new DamagedImage(port, "tampered");
        byte[] blob = File.ReadAllBytes(scene.LayerPath);
        blob[blob.Length / 2] ^= 0xff;
        File.WriteAllBytes(scene.LayerPath, blob);
        scene.PullFails("digest");
    }

    [Fact]
    public void A_layer_that_is_cut_off()
    {
        using var scene = new DamagedImage(port, "truncated");
        byte[] blob = File.ReadAllBytes(scene.LayerPath);
        File.WriteAllBytes(scene.LayerPath, blob[..(blob.Length / 2)]);
        scene.PullFails("should have");
    }

    [Theory]
    [InlineData("../../escaped")]
    [InlineData("a/../../../escaped")]
    public void A_layer_entry_that_escapes_the_root(string name)
    {
        byte[] tar = TarOf((name, TarEntryType.RegularFile, null));
        var result = engine.SkiffWithInput(tar, "import", "-", "hostile/escape");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("escape", result.Errors, StringComparison.Ordinal);
        Assert.Equal("", engine.Skiff("images", "-q", "hostile/escape").Expect().Text);
        Assert.Empty(Directory.EnumerateFiles(engine.Root, "escaped", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_layer_that_writes_through_its_own_symbolic_link_stays_inside()
    {
        string outside = Directory.CreateTempSubdirectory("skiff-outside-").FullName;
        byte[] tar = TarOf(("door", TarEntryType.SymbolicLink, outside), ("door/planted", TarEntryType.RegularFile, null));
        engine.SkiffWithInput(tar, "import", "-", "hostile/link");
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        engine.Skiff("rmi", "hostile/link");
        Directory.Delete(outside);
    }

    [Fact]
    public void A_full_disk_while_pulling()
    {
        string disk = Directory.CreateTempSubdirectory("skiff-disk-").FullName;
        Command.Run("mount", "-t", "tmpfs", "-o", "size=3m", "none", disk).Expect();
        try
        {
            using var small = new EngineUnderTest($"{disk}/data", ["--registry-mirror", $"http://{port.Registry.Host}"]);
            var result = small.Skiff("pull", "busybox");
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains("no space left", result.Errors, StringComparison.OrdinalIgnoreCase);
            Assert.Equal("", small.Skiff("images", "-q").Expect().Text);
            Assert.Empty(Directory.EnumerateFiles($"{disk}/data/tmp", "*", SearchOption.AllDirectories));
        }
        finally
        {
            Command.Run("umount", disk).Expect();
            Directory.Delete(disk);
        }
    }

    static byte[] TarOf(params (string Name, TarEntryType Type, string? Link)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
            foreach (var (name, type, link) in entries)
            {
                var entry = new UstarTarEntry(type, name);
                if (link is not null)
                    entry.LinkName = link;
                if (type == TarEntryType.RegularFile)
                    entry.DataStream = new MemoryStream("x"u8.ToArray());
                tar.WriteEntry(entry);
            }
        return bytes.ToArray();
    }

    /// <summary>An image in the registry whose layer a test damages.</summary>
    sealed class DamagedImage : IDisposable
    {
        readonly Port port;
        readonly string reference;
        readonly EngineUnderTest victim = new();

        internal DamagedImage(Port port, string name)
        {
            this.port = port;
            reference = $"{port.Registry.Host}/damaged/{name}:latest";
            byte[] content = new byte[256 << 10];
            new Random(name.Length).NextBytes(content);
            using var bytes = new MemoryStream();
            using (var tar = new TarWriter(bytes, leaveOpen: true))
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(content) });
            port.Engine.SkiffWithInput(bytes.ToArray(), "import", "-", reference).Expect();
            port.Engine.Skiff("push", reference).Expect();
            string digest = port
                .Engine.Skiff("inspect", "--format", "{{index .RepoDigests 0}}", reference)
                .Expect()
                .Text.Split('@')[1];
            using var manifest = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(port.Registry.BlobPath(digest)));
            LayerPath = port.Registry.BlobPath(manifest.RootElement.GetProperty("layers")[0].GetProperty("digest").GetString()!);
        }

        internal string LayerPath { get; }

        internal void PullFails(params string[] anyOf)
        {
            var result = victim.Skiff("pull", reference);
            Assert.NotEqual(0, result.ExitCode);
            Assert.True(anyOf.Any(w => result.Errors.Contains(w, StringComparison.OrdinalIgnoreCase)), result.Errors);
            Assert.Equal("", victim.Skiff("images", "-q").Expect().Text);
            // "empty" is the bottom of images without layers, made with the store.
            Assert.All(
                Directory.EnumerateDirectories(Path.Combine(victim.DataRoot, "snapshots")),
                d => Assert.EndsWith("/empty", d, StringComparison.Ordinal)
            );
        }

        public void Dispose()
        {
            victim.Dispose();
            port.Engine.Skiff("rmi", reference).Expect();
        }
    }
}
