// Containers whose root is nobody outside: --userns=auto and the engine's --userns-remap.
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class UserNamespaceTests(Port port)
{
    readonly EngineUnderTest engine = WithMappedLayers(port.Engine);

    static EngineUnderTest WithMappedLayers(EngineUnderTest engine)
    {
        Kernel.Require(6, 15, "layers with mapped ids");
        return engine;
    }

    string Inside(params string[] arguments) => engine.Skiff(["run", "--rm", "--userns=auto", .. arguments]).Expect().Text;

    [Fact]
    public void Root_inside_is_a_user_outside_that_nobody_else_is()
    {
        string one = engine.Skiff("run", "-d", "--userns=auto", "busybox", "sleep", "1000").Expect().Text;
        string two = engine.Skiff("run", "-d", "--userns=auto", "busybox", "sleep", "1000").Expect().Text;
        try
        {
            uint first = OutsideUser(one);
            uint second = OutsideUser(two);
            Assert.True(first >= 0x7000_0000 && second >= 0x7000_0000, $"{first}, {second}");
            Assert.NotEqual(first, second);
            Assert.Equal("0", engine.Skiff("exec", one, "id", "-u").Expect().Text);
            Assert.Equal("1000", engine.Skiff("exec", "-u", "sailor", one, "id", "-u").Expect().Text);
            string map = engine.Skiff("exec", one, "cat", "/proc/self/uid_map").Expect().Text;
            Assert.Equal(["0", $"{first}", "65536"], map.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            engine.Skiff("rm", "-f", one, two).Expect();
        }
    }

    [Fact]
    public void Its_files_belong_to_its_users_and_to_root_on_disk()
    {
        const string Script =
            "stat -c %u:%g /etc/passwd /etc/hosts; touch /mine; chown 7:8 /mine; stat -c %u:%g /mine; "
            + "rm /etc/notes; mkdir -p /a/b; mv /a /c; ls -d /c/b";
        string id = engine.Skiff("create", "--userns=auto", "busybox", "sh", "-c", Script).Expect().Text;
        try
        {
            Assert.Equal("0:0\n0:0\n7:8\n/c/b", engine.Skiff("start", "-a", id).Expect().Text);
            string tar = Path.Combine(engine.Root, "export.tar");
            engine.Skiff("export", "-o", tar, id).Expect();
            string listing = Command.Run("tar", "--numeric-owner", "-tvf", tar).Expect().Output;
            Assert.Matches(@"7/8 .* mine\n", listing);
            Assert.Matches(@"0/0 .* c/b/\n", listing);
        }
        finally
        {
            engine.Skiff("rm", "-f", id).Expect();
        }
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void Files_are_copied_into_and_out_of_it_while_it_runs(string client)
    {
        string here = Directory.CreateDirectory(Path.Combine(engine.Root, "userns-cp-" + client)).FullName;
        File.WriteAllText(Path.Combine(here, "file"), "in");
        string id = engine.Skiff("run", "-d", "--userns=auto", "--tmpfs", "/t", "busybox", "sleep", "1000").Expect().Text;
        try
        {
            byte[] tar = Tar(here, "7");
            engine.Client(client, ["cp", "-", $"{id}:/tmp"], tar).Expect();
            engine.Client(client, ["cp", here, $"{id}:/t/new"], null).Expect();
            Assert.Equal(
                "in 7:8\nin 0:0\n0:0",
                engine
                    .Skiff(
                        "exec",
                        id,
                        "sh",
                        "-c",
                        "for f in /tmp/file /t/new/file; do echo $(cat $f) $(stat -c %u:%g $f); done; stat -c %u:%g /t/new; chown 5:6 /t/new/file"
                    )
                    .Expect()
                    .Text
            );
            File.WriteAllText(
                Path.Combine(here, "out.tar"),
                engine.Client(client, ["cp", $"{id}:/t/new/file", "-"], null).Expect().Output
            );
            Assert.Contains(
                " 5/6 ",
                Command.Run("tar", "--numeric-owner", "-tvf", Path.Combine(here, "out.tar")).Expect().Text,
                StringComparison.Ordinal
            );
            // Of somebody that it has not: the number outside would be another container's.
            byte[] foreign = Tar(here, "70000");
            Assert.Contains(
                "the container has no user 70000",
                engine.Client(client, ["cp", "-", $"{id}:/tmp"], foreign).Errors,
                StringComparison.Ordinal
            );
        }
        finally
        {
            engine.Skiff("rm", "-f", id).Expect();
        }
    }

    static byte[] Tar(string directory, string owner)
    {
        string tar = Path.Combine(directory, owner + ".tar");
        Command.Run("tar", "--owner=" + owner, "--group=8", "-C", directory, "-cf", tar, "file").Expect();
        byte[] bytes = File.ReadAllBytes(tar);
        File.Delete(tar);
        return bytes;
    }

    [Fact]
    public void What_belongs_to_root_of_the_host_is_out_of_reach_even_where_it_is_mounted()
    {
        string host = Directory.CreateDirectory(Path.Combine(engine.Root, "hosts-own")).FullName;
        File.WriteAllText(Path.Combine(host, "secret"), "secret");
        File.SetUnixFileMode(Path.Combine(host, "secret"), UnixFileMode.UserRead);
        var result = engine.Skiff(
            "run",
            "--rm",
            "--userns=auto",
            "-v",
            $"{host}:/host",
            "busybox",
            "sh",
            "-c",
            "cat /host/secret; touch /host/new; chown 0 /host/secret; stat -c %u /host/secret"
        );
        Assert.Equal("65534", result.Text);
        Assert.Contains("Permission denied", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(host, "new")));
    }

    [Fact]
    public void Its_capabilities_are_worth_nothing_outside()
    {
        const string Try =
            "mount -t tmpfs x /tmp; mknod /x c 1 1; hostname other; ip link set lo down; "
            + "echo 1 > /proc/sys/kernel/panic; kill -0 1; echo end";
        var result = engine.Skiff("run", "--rm", "--userns=auto", "--cap-add=ALL", "busybox", "sh", "-c", Try).Expect();
        Assert.Equal("end", result.Text);
        Assert.Equal(5, result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void It_has_terminals_shared_memory_and_its_own_dev()
    {
        Assert.Equal(
            "ok",
            Inside("busybox", "sh", "-c", "echo x > /dev/shm/x; echo x > /dev/null; head -c 1 /dev/zero > /tmp/z; echo ok")
        );
        using var session = engine.OnTerminal("skiff", "run", "--rm", "-it", "--userns=auto", "busybox", "sh");
        session.WaitFor("#");
        session.Type("tty; stat -c %u $(tty); exit 4\n");
        session.WaitFor("/dev/pts/0");
        Assert.Equal(4, session.Wait());
    }

    [Fact]
    public void It_talks_to_its_network()
    {
        string server = engine.Skiff("run", "-d", "busybox", "sh", "-c", "echo hello | nc -l -p 80").Expect().Text;
        try
        {
            string address = engine.Skiff("inspect", "-f", "{{.NetworkSettings.IPAddress}}", server).Expect().Text;
            Assert.Equal("hello", Inside("busybox", "sh", "-c", $"until nc {address} 80 < /dev/null 2>/dev/null; do :; done"));
        }
        finally
        {
            engine.Skiff("rm", "-f", server).Expect();
        }
    }

    [Theory]
    [InlineData("privileged mode is incompatible with user namespaces", "--privileged")]
    [InlineData("cannot share the host's network namespace", "--network=host")]
    [InlineData("cannot share the host PID namespace", "--pid=host")]
    public void What_the_host_would_share_with_it_is_refused(string words, string flag) =>
        Assert.Contains(words, engine.Skiff("create", "--userns=auto", flag, "busybox").Errors, StringComparison.Ordinal);

    [Fact]
    public void An_engine_remaps_all_but_those_that_want_the_hosts_users()
    {
        using var remapped = new EngineUnderTest("--userns-remap", "default");
        remapped.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        static string Map(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        string[] look = ["busybox", "cat", "/proc/self/uid_map"];
        Assert.Matches("^0 [1-9][0-9]+ 65536$", Map(remapped.Docker(["run", "--rm", .. look]).Expect().Text));
        Assert.Equal("0 0 4294967295", Map(remapped.Docker(["run", "--rm", "--userns=host", .. look]).Expect().Text));
    }

    [Fact]
    public void Engines_beside_each_other_never_give_the_same_users()
    {
        using var other = new EngineUnderTest();
        other.SkiffWithInput(BusyboxImage.Tar, "import", "-", "busybox").Expect();
        string Users(EngineUnderTest of, string name) =>
            of.Skiff("run", "--name", name, "--userns=auto", "busybox", "awk", "{print $2}", "/proc/self/uid_map").Expect().Text;
        try
        {
            string[] given = [Users(engine, "range1"), Users(other, "range2"), Users(other, "range3"), Users(engine, "range4")];
            Assert.Equal(4, given.Distinct().Count());
            // A crash forgets nothing.
            other.Crash();
            other.Start();
            Assert.DoesNotContain(Users(engine, "range5"), given);
        }
        finally
        {
            engine.Skiff("rm", "range1", "range4", "range5");
        }
    }

    uint OutsideUser(string id)
    {
        string pid = engine.Skiff("inspect", "-f", "{{.State.Pid}}", id).Expect().Text;
        string line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return uint.Parse(line.Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
