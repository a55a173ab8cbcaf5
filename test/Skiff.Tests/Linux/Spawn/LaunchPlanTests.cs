// Launch plans: the jumps of conditional steps, the errors they bear, and one that runs.
using Skiff.Linux;
using Skiff.Linux.Mounts;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Xunit;

namespace Skiff.Tests.Linux.Spawn;

public sealed class LaunchPlanTests
{
    [Fact]
    public void Makes_what_is_missing_on_the_way_and_skips_it_where_nothing_is()
    {
        var plan = new LaunchPlan();
        Register root = plan.Input("root");
        plan.OpenOrMake(root, "/a/b", directory: false, "place");

        Assert.Equal(
            """
            input $root
            $open.1 = openat2($root, "a/b", {place, in root}, 24)  ignore ENOENT  else skip 6  # place
            $open.2 = openat2($root, "a", {place, in root}, 24)  ignore ENOENT  else skip 2  # place
            mkdirat($root, "a", 0x1ed)  ignore EEXIST  # place
            $open.2 = openat2($root, "a", {place, in root}, 24)  # place
            mknodat($open.2, "b", 0x81a4, 0)  ignore EEXIST  # place
            close($open.2)  # close
            $open.1 = openat2($root, "a/b", {place, in root}, 24)  # place

            """,
            plan.Dump()
        );
    }

    [Fact]
    public void Leaves_out_the_steps_of_a_path_that_is_not_there()
    {
        var plan = new LaunchPlan();
        Register root = plan.Input("root");
        plan.Optional(root, "/x", "hide", place => plan.Attach(place, place, "hide"));

        Assert.Contains("ignore ENOENT|ENOTDIR and skip 1  # hide", plan.Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public void Errnos_above_63_are_held_too()
    {
        ErrnoSet set = ErrnoSet.Of(Errno.EPERM, Errno.EDQUOT);
        Assert.Equal("EPERM|EDQUOT", set.ToString());
        Assert.NotEqual(0ul, set.High);
        Assert.Equal("any", ErrnoSet.All.ToString());
    }

    [Fact]
    public void Inputs_cannot_be_named_after_the_first_result()
    {
        var plan = new LaunchPlan();
        plan.OpenHostDirectory("/");
        Assert.Throws<InvalidOperationException>(() => plan.Input("late"));
    }

    [Theory]
    [InlineData(1, 3, 0x103)]
    [InlineData(136, 300, 0x10882C)]
    [InlineData(4096, 1048576, 0x100_1000_0000)]
    public void Device_numbers_are_packed_as_makedev_does(uint major, uint minor, ulong packed)
    {
        // (minor & 0xff) | major << 8 | rest of minor << 12 | rest of major << 32
        ulong expected = (minor & 0xFF) | ((major & 0xFFFul) << 8) | ((minor & ~0xFFul) << 12) | ((major & ~0xFFFul) << 32);
        Assert.Equal(expected, LaunchPlan.DeviceNumber(major, minor));
        if (major < 4096)
            Assert.Equal(packed, LaunchPlan.DeviceNumber(major, minor));
    }

    [Fact]
    public void A_plan_without_privileges_runs_a_program()
    {
        (Fd read, Fd write) = FdIo.Pipe();
        using (read)
        {
            var plan = new LaunchPlan();
            Register output = plan.Input("output");
            plan.Duplicate(output, 1);
            plan.ResetSignals();
            plan.Execute(["echo", "from the child"], ["A=B"], "/nowhere:/bin:/usr/bin");
            SpawnedProcess child = Spawner.Start(plan, [write.Number], NamespaceKinds.None);
            write.Dispose();
            byte[] said = new byte[64];
            int length = FdIo.TryRead(read, said, out _);

            Assert.Equal("from the child\n", System.Text.Encoding.UTF8.GetString(said, 0, length));
            Assert.Equal(0, Pidfd.Reap(child.Pidfd).ShellCode);
        }
    }

    [Theory]
    [InlineData("no-such-program", true, Errno.None, "exec: \"no-such-program\": executable file not found in $PATH")]
    [InlineData("/no/such", true, Errno.ENOENT, "exec: \"/no/such\": stat /no/such: no such file or directory")]
    [InlineData("/etc/passwd", true, Errno.EACCES, "exec: \"/etc/passwd\": permission denied")]
    [InlineData("/etc", true, Errno.EISDIR, "exec: \"/etc\": is a directory")]
    public void A_program_that_cannot_run_is_told_as_runc_tells_it(string name, bool ofProgram, Errno errno, string words)
    {
        var plan = new LaunchPlan();
        plan.Execute([name], [], "/bin:/usr/bin");

        var failure = Assert.Throws<LaunchFailure>(() => Spawner.Start(plan, [], NamespaceKinds.None));
        Assert.Equal(words, failure.Message);
        Assert.Equal(errno, failure.Errno);
        Assert.Equal(ofProgram, failure.OfProgram);
    }

    [Fact]
    public void A_failing_step_is_told_by_what_it_was_for()
    {
        var plan = new LaunchPlan();
        plan.ChangeDirectory("/no/such/place", "go somewhere");
        plan.Execute(["/bin/true"], [], null);

        var failure = Assert.Throws<LaunchFailure>(() => Spawner.Start(plan, [], NamespaceKinds.None));
        Assert.Equal("go somewhere: no such file or directory", failure.Message);
        Assert.False(failure.OfProgram);
    }

    [Fact]
    public void Start_ticks_are_found_behind_any_program_name() =>
        Assert.Equal(22ul, ProcessStat.ParseStartTicks("7 (a) b (c) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"));
}
