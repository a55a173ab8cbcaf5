// What config.json says is what the process finds: a test for each MUST of the runtime-spec's config.md and config-linux.md.
using System.Text.Json.Nodes;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RuntimeSpecTests
{
    // Nobody waits for the end of their output.
    const string Fork = "for i in 1 2 3 4 5 6 7 8; do sleep 1000 </dev/null >/dev/null 2>&1 & done";

    /// <summary>Runs a shell in a changed bundle. Returns its output, a line each.</summary>
    static string[] Inside(string script, Action<OciBundle>? change = null)
    {
        using var bundle = new OciBundle("sh", "-c", script);
        change?.Invoke(bundle);
        bundle.Save();
        return bundle.Runtime("run", "--bundle", bundle.Bundle, bundle.Id).Expect().Text.Split('\n');
    }

    static string Refused(Action<OciBundle> change)
    {
        using var bundle = new OciBundle("true");
        change(bundle);
        bundle.Save();
        Result refused = bundle.Create();
        Assert.NotEqual(0, refused.ExitCode);
        Assert.False(bundle.HasTraces);
        return refused.Errors;
    }

    static JsonArray Json(string array) => JsonNode.Parse(array)!.AsArray();

    static JsonObject Mount(string destination, string type, string source, params string[] options) =>
        new()
        {
            ["destination"] = destination,
            ["type"] = type,
            ["source"] = source,
            ["options"] = OciBundle.Array(options),
        };

    [Fact]
    public void The_process_has_its_arguments_environment_directory_and_user()
    {
        string[] said = Inside(
            "echo $0 $1; echo $SHIP; pwd; id -u; id -g; id -G; umask",
            b =>
            {
                b.Process["args"]!.AsArray().Add("zero");
                b.Process["args"]!.AsArray().Add("one");
                b.Process["env"]!.AsArray().Add("SHIP=skiff");
                b.Process["cwd"] = "/tmp";
                b.Process["user"] = JsonNode.Parse("""{"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 63}""");
            }
        );
        Assert.Equal(["zero one", "skiff", "/tmp", "7", "8", "8 9 10", "0077"], said);
    }

    [Fact]
    public void Limits_scores_and_privileges_are_as_configured()
    {
        string[] said = Inside(
            "ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; grep -E 'NoNewPrivs|CapBnd|CapEff|CapPrm' /proc/self/status | tr -d '\\t'",
            b =>
            {
                b.Process["rlimits"] = Json("""[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]""");
                b.Process["oomScoreAdj"] = 123;
            }
        );
        // kill, net_bind_service and audit_write: bits 5, 10 and 29.
        const string Capabilities = "0000000020000420";
        Assert.Equal(
            ["100", "200", "123", $"CapPrm:{Capabilities}", $"CapEff:{Capabilities}", $"CapBnd:{Capabilities}", "NoNewPrivs:1"],
            said
        );
    }

    [Fact]
    public void An_unknown_limit_or_capability_is_an_error()
    {
        Assert.Contains(
            "RLIMIT_TEST",
            Refused(b => b.Process["rlimits"] = Json("""[{"type": "RLIMIT_TEST", "soft": 1, "hard": 1}]""")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "CAP_TEST",
            Refused(b => b.Process["capabilities"]!["bounding"] = OciBundle.Array("CAP_TEST")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("0.2.0")]
    [InlineData("2.0.0")]
    [InlineData("nonsense")]
    public void A_version_that_is_not_supported_is_an_error(string version) =>
        Assert.Contains("ociVersion", Refused(b => b.Config["ociVersion"] = version), StringComparison.Ordinal);

    [Fact]
    public void Unknown_members_and_annotations_are_no_error()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Config["annotations"] = new JsonObject { ["org.example.unknown"] = "" };
        bundle.Config["unknown"] = "value";
        bundle.Save();
        bundle.Create().Expect();
        Assert.Equal("", bundle.State().GetProperty("annotations").GetProperty("org.example.unknown").GetString());
    }

    [Fact]
    public void The_root_is_read_only_when_asked_and_writable_else()
    {
        Assert.Equal(["no"], Inside("touch /x 2>/dev/null && echo yes || echo no"));
        Assert.Equal(["yes"], Inside("touch /x 2>/dev/null && echo yes || echo no", b => b.Config["root"]!["readonly"] = false));
    }

    [Fact]
    public void Mounts_are_made_in_the_order_of_the_list_with_their_options()
    {
        string[] said = Inside(
            "cat /a/b/marker; touch /a/b/x 2>&1; grep ' /a ' /proc/self/mountinfo | cut -d' ' -f6; /a/b/run 2>&1; true",
            b =>
            {
                Directory.CreateDirectory(b.Scratch("source"));
                File.WriteAllText(b.Scratch("source/marker"), "marked\n");
                File.WriteAllText(b.Scratch("source/run"), "#!/bin/sh\necho ran\n");
                File.SetUnixFileMode(b.Scratch("source/run"), (UnixFileMode)0b111_101_101);
                JsonArray mounts = b.Config["mounts"]!.AsArray();
                mounts.Add(Mount("/a", "tmpfs", "tmpfs", "nosuid", "nodev", "noatime", "size=1m"));
                mounts.Add(Mount("/a/b", "bind", b.Scratch("source"), "bind", "ro", "noexec"));
            }
        );
        Assert.Equal("marked", said[0]);
        Assert.Contains("Read-only file system", said[1], StringComparison.Ordinal);
        Assert.Equal("rw,nosuid,nodev,noatime", said[2]);
        Assert.Contains("Permission denied", said[3], StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_whose_source_is_missing_is_an_error() =>
        Assert.Contains(
            "/no/such/source",
            Refused(b => b.Config["mounts"]!.AsArray().Add(Mount("/a", "bind", "/no/such/source", "bind"))),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_default_devices_links_and_filesystems_are_there()
    {
        string[] said = Inside(
            "for d in null zero full random urandom tty; do stat -c '%n %F %t:%T' /dev/$d; done; "
                + "for l in fd stdin stdout stderr ptmx; do echo $l $(readlink /dev/$l); done; "
                + "for m in /proc /sys /dev/pts /dev/shm; do grep \" $m \" /proc/mounts | head -1 | cut -d' ' -f2,3; done"
        );
        Assert.Equal(
            [
                "/dev/null character special file 1:3",
                "/dev/zero character special file 1:5",
                "/dev/full character special file 1:7",
                "/dev/random character special file 1:8",
                "/dev/urandom character special file 1:9",
                "/dev/tty character special file 5:0",
                "fd /proc/self/fd",
                "stdin /proc/self/fd/0",
                "stdout /proc/self/fd/1",
                "stderr /proc/self/fd/2",
                "ptmx pts/ptmx",
                "/proc proc",
                "/sys sysfs",
                "/dev/pts devpts",
                "/dev/shm tmpfs",
            ],
            said
        );
    }

    [Fact]
    public void Devices_are_made_with_type_number_mode_and_owner()
    {
        string[] said = Inside(
            "stat -c '%F %t:%T %a %u:%g' /dev/one /dev/two; stat -c '%F %a' /dev/three",
            b =>
                b.Config["linux"]!["devices"] = Json(
                    """
                    [
                      {"type": "c", "path": "/dev/one", "major": 1, "minor": 3, "fileMode": 438, "uid": 3, "gid": 4},
                      {"type": "b", "path": "/dev/two", "major": 7, "minor": 200, "fileMode": 384},
                      {"type": "p", "path": "/dev/three", "fileMode": 420}
                    ]
                    """
                )
        );
        Assert.Equal(["character special file 1:3 666 3:4", "block special file 7:c8 600 0:0", "fifo 644"], said);
    }

    [Fact]
    public void Masked_paths_are_empty_and_read_only_paths_read_only()
    {
        string[] said = Inside(
            "wc -c </etc/notes; ls /home | wc -l; touch /home/x 2>&1 | grep -c Read-only; echo x 2>&1 >/etc/passwd | grep -c Read-only",
            b =>
            {
                b.Config["root"]!["readonly"] = false;
                File.WriteAllText(Path.Combine(b.Bundle, "rootfs/home/hidden"), "");
                b.Config["linux"]!["maskedPaths"] = OciBundle.Array("/etc/notes", "/home", "/not/there");
                b.Config["linux"]!["readonlyPaths"] = OciBundle.Array("/etc/passwd", "/not/there/either");
            }
        );
        Assert.Equal(["0", "0", "1"], said[..3]);
        using var unchanged = new OciBundle("sh", "-c", "echo x >/etc/passwd");
        unchanged.Config["root"]!["readonly"] = false;
        unchanged.Config["linux"]!["readonlyPaths"] = OciBundle.Array("/etc/passwd");
        unchanged.Save();
        Assert.NotEqual(0, unchanged.Runtime("run", "--bundle", unchanged.Bundle, unchanged.Id).ExitCode);
    }

    [Fact]
    public void Names_and_sysctls_are_those_of_the_containers_namespaces()
    {
        string[] said = Inside(
            "hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced",
            b =>
            {
                b.Config["hostname"] = "dinghy";
                b.Config["domainname"] = "harbour";
                b.Config["linux"]!["sysctl"] = new JsonObject { ["net.ipv4.ip_forward"] = "1", ["kernel.shm_rmid_forced"] = "1" };
            }
        );
        Assert.Equal(["dinghy", "harbour", "1", "1"], said);
        Assert.Contains(
            "kernel.panic",
            Refused(b => b.Config["linux"]!["sysctl"] = new JsonObject { ["kernel.panic"] = "1" }),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("pid")]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    public void A_namespace_is_new_or_the_runtimes_or_the_one_at_a_path(string type)
    {
        string file = type switch
        {
            "network" => "net",
            string same => same,
        };
        string ours = File.ResolveLinkTarget($"/proc/self/ns/{file}", false)!.Name;
        string script = $"readlink /proc/self/ns/{file}";
        Assert.NotEqual(ours, Inside(script)[0]);
        Assert.Equal(ours, Inside(script, b => Without(b, type))[0]);

        using var other = new OciBundle("sleep", "1000");
        other.Create().Expect();
        string path = $"/proc/{other.State().GetProperty("pid").GetInt32()}/ns/{file}";
        string theirs = File.ResolveLinkTarget(path, false)!.Name;
        string joined = Inside(
            script,
            b =>
            {
                Without(b, type);
                b.Config["linux"]!["namespaces"]!.AsArray().Add(new JsonObject { ["type"] = type, ["path"] = path });
            }
        )[0];
        Assert.Equal(theirs, joined);

        static void Without(OciBundle bundle, string type)
        {
            JsonArray namespaces = bundle.Config["linux"]!["namespaces"]!.AsArray();
            namespaces.Remove(namespaces.Single(n => (string?)n!["type"] == type));
            if (type == "uts")
                bundle.Config.AsObject().Remove("hostname");
        }
    }

    [Fact]
    public void A_namespace_path_that_is_none_or_of_another_type_is_an_error()
    {
        Refused(b => b.Config["linux"]!["namespaces"]!.AsArray()[1]!["path"] = "/no/such/file");
        Refused(b => b.Config["linux"]!["namespaces"]!.AsArray()[1]!["path"] = "/proc/self/ns/uts");
        Refused(b => b.Config["linux"]!["namespaces"]!.AsArray().Add(new JsonObject { ["type"] = "pid" }));
    }

    [Fact]
    public void The_cgroup_path_is_below_the_mount_point_and_limits_hold()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Config["linux"]!["cgroupsPath"] = $"/{bundle.Id}";
        bundle.Config["linux"]!["resources"] = JsonNode.Parse("""{"pids": {"limit": 5}}""");
        bundle.Save();
        bundle.Create().Expect();
        int pid = bundle.State().GetProperty("pid").GetInt32();
        Assert.Contains($"/{bundle.Id}", File.ReadAllText($"/proc/{pid}/cgroup"), StringComparison.Ordinal);
        bundle.Runtime("start", bundle.Id).Expect();
        Assert.NotEqual(0, bundle.Runtime("exec", bundle.Id, "sh", "-c", Fork).ExitCode);
        bundle.Runtime("kill", "--all", bundle.Id, "KILL").Expect();
        bundle.Await("stopped");
        bundle.Runtime("delete", bundle.Id).Expect();
        Assert.False(bundle.HasTraces);
    }

    [Fact]
    public void Update_changes_limits_of_a_running_container()
    {
        using var bundle = new OciBundle("sleep", "1000");
        bundle.Create().Expect();
        bundle.Runtime("start", bundle.Id).Expect();
        bundle.Runtime("update", "--pids-limit", "4", bundle.Id).Expect();
        Assert.NotEqual(0, bundle.Runtime("exec", bundle.Id, "sh", "-c", Fork).ExitCode);
        Assert.Contains(
            "--l3-cache-schema",
            bundle.Runtime("update", "--l3-cache-schema", "1", bundle.Id).Expect(1).Errors,
            StringComparison.Ordinal
        );
        bundle.Runtime("update", "--cpu-period", "100000", "--cpu-quota", "50000", "--cpu-burst", "20000", bundle.Id).Expect();
        string burst = Directory
            .EnumerateFiles("/sys/fs/cgroup", "cpu.*burst*", SearchOption.AllDirectories)
            .First(f => f.Contains($"/{bundle.Id}/", StringComparison.Ordinal));
        Assert.Equal("20000", File.ReadAllText(burst).Trim());
        Assert.Contains(
            "no effect",
            bundle.Runtime("update", "--kernel-memory", "1m", bundle.Id).Expect().Errors,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_tmpfs_copies_up_what_it_covers()
    {
        string[] said = Inside(
            "cat /full/sub/file; readlink /full/link; stat -c '%a %u %g' /full /full/sub/file; touch /full/new && echo writable; touch /ro/x 2>&1; cat /ro/y",
            b =>
            {
                string rootfs = Path.Combine(b.Bundle, "rootfs");
                Directory.CreateDirectory($"{rootfs}/full/sub");
                File.WriteAllText($"{rootfs}/full/sub/file", "kept\n");
                File.CreateSymbolicLink($"{rootfs}/full/link", "/etc/passwd");
                Command.Run("chown", "7:8", $"{rootfs}/full/sub/file").Expect();
                Command.Run("chmod", "0644", $"{rootfs}/full/sub/file").Expect();
                Command.Run("chmod", "0751", $"{rootfs}/full").Expect();
                Directory.CreateDirectory($"{rootfs}/ro");
                File.WriteAllText($"{rootfs}/ro/y", "why\n");
                JsonArray mounts = b.Config["mounts"]!.AsArray();
                mounts.Add(Mount("/full", "tmpfs", "tmpfs", "rw", "nosuid", "nodev", "tmpcopyup"));
                mounts.Add(Mount("/ro", "tmpfs", "tmpfs", "ro", "tmpcopyup"));
            }
        );
        Assert.Equal(["kept", "/etc/passwd", "751 0 0", "644 7 8", "writable"], said[..5]);
        Assert.Contains("Read-only file system", said[5], StringComparison.Ordinal);
        Assert.Equal("why", said[6]);
        Assert.Contains(
            "no tmpfs",
            Refused(b => b.Config["mounts"]!.AsArray().Add(Mount("/a", "proc", "proc", "tmpcopyup"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_label_needs_selinux()
    {
        if (File.Exists("/sys/fs/selinux/enforce"))
            Assert.Skip("this machine has SELinux");
        const string Label = "system_u:system_r:container_t:s0";
        Assert.Contains("selinuxLabel", Refused(b => b.Process["selinuxLabel"] = Label), StringComparison.Ordinal);
        Assert.Contains("mountLabel", Refused(b => b.Config["linux"]!["mountLabel"] = Label), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pidfd_of_the_first_process_goes_to_the_socket_that_asks_for_it()
    {
        using var bundle = new OciBundle("sleep", "1000");
        string path = bundle.Scratch("pidfds");
        using Skiff.Linux.Fd listener = Skiff.Linux.Sockets.UnixSocket.Listen(bundle.Scratch("."), "pidfds");
        bundle.Create("--pidfd-socket", path).Expect();
        using Skiff.Linux.Fd accepted = Skiff.Linux.Sockets.UnixSocket.TryAccept(listener)!;
        var received = new List<Skiff.Linux.Fd>();
        Skiff.Linux.Sockets.UnixSocket.Receive(accepted, new byte[16], received);
        Assert.True(Skiff.Linux.Processes.Pidfd.SendSignal(Assert.Single(received), 9));
        bundle.Await("stopped");
        received[0].Dispose();
    }

    [Fact]
    public void Preserved_descriptors_reach_the_program_and_no_others()
    {
        using var bundle = new OciBundle("sh", "-c", "cat <&3; ls /proc/self/fd | wc -l");
        File.WriteAllText(bundle.Scratch("three"), "third\n");
        Result ran = Command.Run(
            "/bin/sh",
            "-c",
            $"exec {OciBundle.Program} --root {bundle.Root} run --preserve-fds 1 --bundle {bundle.Bundle} {bundle.Id} 3<{bundle.Scratch("three")} 4</dev/null"
        );
        // 0, 1, 2, the preserved one, and the one with which ls reads the list.
        Assert.Equal("third\n5\n", ran.Expect().Output);
        bundle.Runtime("run", "--preserve-fds", "9", "--bundle", bundle.Bundle, bundle.Id).Expect(1);
    }

    [Fact]
    public void Standard_streams_terminal_and_size_are_those_of_the_caller()
    {
        using var bundle = new OciBundle("sh", "-c", "tty; stty size; read x; echo got $x; exit 9");
        bundle.Process["terminal"] = true;
        bundle.Save();
        using var session = new PtySession(
            OciBundle.Program,
            ["--root", bundle.Root, "run", "--bundle", bundle.Bundle, bundle.Id],
            new Dictionary<string, string>(),
            rows: 33,
            columns: 99
        );
        session.WaitFor("/dev/pts/0");
        session.WaitFor("33 99");
        session.Type("wind\n");
        session.WaitFor("got wind");
        Assert.Equal(9, session.Wait());
        Assert.False(bundle.HasTraces);
    }
}
