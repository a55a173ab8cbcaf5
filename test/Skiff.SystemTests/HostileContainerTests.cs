// What containers and images try in order to get out: all of it fails.
using System.Formats.Tar;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class HostileContainerTests(Port port)
{
    readonly EngineUnderTest engine = port.Engine;

    string Inside(params string[] arguments) => engine.Skiff(["run", "--rm", .. arguments]).Expect().Text;

    /// <summary>A container that runs for the length of an action.</summary>
    void WithContainer(Action<string> act, params string[] flags)
    {
        string id = engine.Skiff(["run", "-d", .. flags, "busybox", "sleep", "1000"]).Expect().Text;
        try
        {
            act(id);
        }
        finally
        {
            engine.Skiff("rm", "-f", id).Expect();
        }
    }

    /// <summary>An image of busybox with links put over it: name, target.</summary>
    string Image(string name, params (string Name, string Target)[] links)
    {
        using var layer = new MemoryStream();
        layer.Write(BusyboxImage.Tar);
        layer.SetLength(layer.Length - 1024); // without its end: two empty blocks
        layer.Seek(0, SeekOrigin.End);
        using (var tar = new TarWriter(layer, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var (link, target) in links)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, link) { LinkName = target });
        engine.SkiffWithInput(layer.ToArray(), "import", "-", name).Expect();
        return name;
    }

    [Theory]
    [InlineData("skiff")]
    [InlineData("docker")]
    public void No_descriptor_of_the_host_is_open_in_an_exec(string client) =>
        WithContainer(id =>
        {
            // 0, 1, 2, and the one by which ls reads the directory.
            Assert.Equal("0\n1\n2\n3", engine.Client(client, ["exec", id, "ls", "/proc/self/fd"], null).Expect().Text);
            Assert.Equal(
                "0\n1\n2\n3",
                engine.Client(client, ["exec", "--privileged", id, "ls", "/proc/self/fd"], null).Expect().Text
            );
        });

    [Fact] // CVE-2024-21626
    public void A_working_directory_is_never_one_of_the_host()
    {
        WithContainer(id =>
        {
            for (int fd = 3; fd < 20; fd++)
            {
                var exec = engine.Skiff("exec", "-w", $"/proc/self/fd/{fd}", id, "sh", "-c", "ls ../../../../etc/hostname; pwd");
                Assert.NotEqual(0, exec.ExitCode);
                Assert.Contains("chdir to cwd", exec.Output + exec.Errors, StringComparison.Ordinal);
            }
        });
        for (int fd = 3; fd < 20; fd++)
        {
            var run = engine.Skiff("run", "--rm", "-w", $"/proc/self/fd/{fd}", "busybox", "cat", $"../../../..{engine.Log}");
            Assert.NotEqual(0, run.ExitCode);
            Assert.Equal("", run.Text);
        }
        string linked = Image("cwd", ("leak", "/proc/self/fd/7"));
        Assert.Equal("", engine.Skiff("run", "--rm", "-w", "/leak", linked, "pwd").Text);
        engine.Skiff("rmi", linked).Expect();
    }

    [Fact]
    public void A_container_that_swaps_a_working_directory_for_a_link_wins_nothing() =>
        WithContainer(id =>
        {
            // A directory one moment, a way through a descriptor of whoever looks the next.
            const string Swap =
                "mkdir /w; i=3; while :; do ln -s /proc/self/fd/$i /l; mv /w /d; mv /l /w; rm /w; mv /d /w; i=$((i % 20 + 3)); done";
            engine.Skiff("exec", "-d", id, "sh", "-c", Swap).Expect();
            for (int i = 0; i < 20; i++)
            {
                var exec = engine.Skiff("exec", "-w", "/w", id, "sh", "-c", $"cat ../../../../../..{engine.Log}; pwd");
                Assert.True(exec.ExitCode != 0 || exec.Text is "/w" or "/d", exec.Text);
                Assert.DoesNotContain("info", exec.Output, StringComparison.Ordinal);
            }
        });

    [Fact]
    public void A_container_that_swaps_a_part_of_a_volume_for_a_link_wins_nothing()
    {
        string target = Directory.CreateDirectory(Path.Combine(engine.Root, "swapped")).FullName;
        engine.Skiff("volume", "create", "swapped").Expect();
        string swapper = engine
            .Skiff(
                "run",
                "-d",
                "-v",
                "swapped:/v",
                "busybox",
                "sh",
                "-c",
                $"mkdir -p /v/part; ln -s {target} /v/link; while :; do mv /v/part /v/x; mv /v/link /v/part; mv /v/part /v/link; mv /v/x /v/part; done"
            )
            .Expect()
            .Text;
        try
        {
            for (int i = 0; i < 15; i++)
            {
                const string Mount = "type=volume,src=swapped,dst=/m,volume-subpath=part";
                engine.Skiff("run", "--rm", "--network=none", "--mount", Mount, "busybox", "touch", "/m/f"); // succeeds or not
            }
            Assert.Empty(Directory.GetFiles(target));
        }
        finally
        {
            engine.Skiff("rm", "-f", swapper).Expect();
            engine.Skiff("volume", "rm", "swapped").Expect();
        }
    }

    [Fact]
    public void Links_of_an_image_lead_no_mount_onto_the_host()
    {
        string outside = Directory.CreateDirectory(Path.Combine(engine.Root, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "file"), "untouched");
        string climb = string.Concat(Enumerable.Repeat("../", 20)) + outside.TrimStart('/');
        string image = Image(
            "linked",
            ("data", climb),
            ("etc/resolv.conf", climb + "/file"),
            ("etc/hosts", "/proc/1/root" + outside + "/made"),
            ("mnt", "/proc/self/root")
        );
        string source = Directory.CreateDirectory(Path.Combine(engine.Root, "source")).FullName;
        var run = engine.Skiff("run", "--rm", "-v", $"{source}:/data/inside", "-v", $"{source}:/mnt/x", image, "true");
        Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("untouched", File.ReadAllText(Path.Combine(outside, "file")));
        Assert.DoesNotContain(source, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.Contains(run.ExitCode, (int[])[0, 125, 126, 127]);
        engine.Skiff("rmi", image).Expect();
    }

    [Theory] // the class of CVE-2025-31133: what masks is the host's null device, whatever the container has at /dev/null
    [InlineData("/proc/sysrq-trigger")]
    [InlineData("/proc/sys/kernel/core_pattern")]
    public void What_masks_paths_is_not_the_containers_own(string target)
    {
        string dev = Directory.CreateTempSubdirectory("skiff-dev-").FullName;
        File.CreateSymbolicLink(Path.Combine(dev, "null"), target);
        File.CreateSymbolicLink(Path.Combine(dev, "console"), target);
        try
        {
            string said = engine
                .Skiff(
                    "run",
                    "--rm",
                    "-v",
                    $"{dev}:/dev",
                    "busybox",
                    "sh",
                    "-c",
                    "stat -c %t:%T /proc/interrupts; head -c 1 /proc/interrupts | wc -c; echo x > /proc/sysrq-trigger || echo no; echo x > /proc/sys/kernel/core_pattern || echo no"
                )
                .Expect()
                .Text;
            Assert.Equal("1:3\n0\nno\nno", said);
        }
        finally
        {
            Directory.Delete(dev, recursive: true);
        }
    }

    [Fact] // the class of CVE-2025-52565: the console is the terminal that was opened, not a path
    public void A_console_is_mounted_nowhere_but_where_it_belongs()
    {
        string dev = Directory.CreateTempSubdirectory("skiff-dev-").FullName;
        File.CreateSymbolicLink(Path.Combine(dev, "console"), "/proc/sys/kernel/core_pattern");
        string before = File.ReadAllText("/proc/sys/kernel/core_pattern");
        try
        {
            using var session = engine.OnTerminal(
                "skiff",
                "run",
                "--rm",
                "-it",
                "-v",
                $"{dev}:/dev",
                "busybox",
                "sh",
                "-c",
                "echo '|/bin/evil' > /proc/sys/kernel/core_pattern; echo 'fini''shed'"
            );
            session.Wait();
            Assert.Equal(before, File.ReadAllText("/proc/sys/kernel/core_pattern"));
        }
        finally
        {
            Directory.Delete(dev, recursive: true);
        }
    }

    [Fact] // the class of CVE-2025-52881: what is written during set-up goes through a proc that no container has seen
    public void Settings_are_written_to_the_kernel_and_not_to_a_proc_of_the_image()
    {
        string image = Image("fakeproc", ("proc/sys", "/tmp"), ("sys/fs", "/tmp"));
        Assert.Equal(
            "1000",
            Inside(
                "--sysctl",
                "net.ipv4.ip_unprivileged_port_start=1000",
                image,
                "cat",
                "/proc/sys/net/ipv4/ip_unprivileged_port_start"
            )
        );
        engine.Skiff("rmi", image).Expect();
    }

    [Fact]
    public void The_kernels_settings_cannot_be_written()
    {
        foreach (
            string file in (string[])
                [
                    "/proc/sys/kernel/core_pattern",
                    "/proc/sys/kernel/modprobe",
                    "/proc/sysrq-trigger",
                    "/proc/irq/0/smp_affinity",
                    "/sys/kernel/uevent_helper",
                    "/sys/kernel/mm/ksm/run",
                    "/sys/fs/cgroup/release_agent",
                    "/sys/fs/cgroup/memory/release_agent",
                    "/sys/fs/cgroup/cgroup.procs",
                ]
        )
            Assert.Equal("no", Inside("busybox", "sh", "-c", $"(echo x > {file}) 2>/dev/null && echo written || echo no"));
    }

    [Fact]
    public void Devices_of_the_host_can_be_made_but_not_opened()
    {
        const string Disk =
            "mknod /tmp/disk b 254 0; mknod /tmp/mem c 1 1; mknod /tmp/kmsg c 1 11; "
            + "for d in disk mem kmsg; do head -c 1 /tmp/$d 2>&1 | grep -o 'not permitted'; done";
        Assert.Equal("not permitted\nnot permitted\nnot permitted", Inside("busybox", "sh", "-c", Disk));
    }

    [Fact]
    public void Mounting_and_leaving_namespaces_is_refused()
    {
        foreach (
            string attempt in (string[])
                [
                    "mount -t tmpfs x /tmp",
                    "mount -t proc x /tmp",
                    "mount --bind / /tmp",
                    "mount -o remount,rw /proc/sys",
                    "umount /proc/kcore",
                    "unshare -m true",
                    "unshare -U true",
                    "unshare -p -f true",
                    "nsenter -t 1 -m true",
                    "chroot /proc/1/root mount -t tmpfs x /tmp",
                ]
        )
            Assert.Equal("no", Inside("busybox", "sh", "-c", $"{attempt} 2>/dev/null && echo done || echo no"));
    }

    [Fact]
    public void Keys_of_the_host_and_its_processes_are_out_of_sight()
    {
        Assert.Equal("/proc/1", Inside("busybox", "sh", "-c", "echo /proc/[0-9]*"));
        Assert.Equal("0", Inside("busybox", "sh", "-c", "cat /proc/keys | wc -c"));
        Assert.Equal("no", Inside("busybox", "sh", "-c", $"kill -0 {engine.Pid} 2>/dev/null && echo yes || echo no"));
    }

    [Theory]
    [InlineData(16u)] // PTRACE_ATTACH
    [InlineData(0x4206u)] // PTRACE_SEIZE
    public void Processes_of_the_host_cannot_be_traced_even_where_they_are_seen(uint request)
    {
        const int EPERM = 1;
        string directory = Directory.CreateDirectory(Path.Combine(engine.Root, "trace", $"{request}")).FullName;
        uint victim = (uint)engine.Pid;
        TinyProgram.Save(TinyProgram.X64(101, request, victim, 0, 0), Path.Combine(directory, "outside"));
        // Seized, not attached: that would leave it stopped.
        TinyProgram.Save(TinyProgram.X64(101, 0x4206, 1, 0, 0), Path.Combine(directory, "inside"));
        string[] mount = ["-v", $"{directory}:/trace:ro"];
        // The call itself is allowed, as by Docker: it works on the container's own.
        Assert.Equal("0", Inside([.. mount, "busybox", "sh", "-c", "/trace/inside; echo $?"]));
        Assert.Equal(EPERM, engine.Skiff(["run", "--rm", "--pid=host", .. mount, "busybox", "/trace/outside"]).ExitCode);
        string look =
            $"cd /proc/{victim}; for f in environ mem maps; do head -c 1 $f; done; ls root/; readlink exe; readlink cwd; readlink fd/1; echo end";
        Assert.Equal("end", engine.Skiff("run", "--rm", "--pid=host", "busybox", "sh", "-c", look).Expect().Text);
    }

    [Fact]
    public void A_process_of_an_exec_cannot_be_traced_before_it_is_the_containers()
    {
        // The container looks at each process as soon as it appears and tries to read what was the launcher's.
        const string Watch =
            "while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || [ $p = /proc/$$ ] || "
            + "{ r=$(readlink $p/exe); case $r in *skiff*) echo seen $r;; esac; for f in $p/fd/*; do "
            + "case $(readlink $f) in */skiff*|*/shim*|*/proc*) echo fd $(readlink $f);; esac; done; }; done; done 2>/dev/null";
        string id = engine.Skiff("run", "-d", "busybox", "sh", "-c", Watch).Expect().Text;
        try
        {
            for (int i = 0; i < 10; i++)
                engine.Skiff("exec", id, "true").Expect();
            Assert.Equal("", engine.Skiff("logs", id).Expect().Text);
        }
        finally
        {
            engine.Skiff("rm", "-f", id).Expect();
        }
    }

    [Fact]
    public void A_set_of_processors_is_all_that_is_used() =>
        Assert.Equal(
            "0",
            Inside("--cpuset-cpus", "0", "busybox", "sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f2")
        );
}
