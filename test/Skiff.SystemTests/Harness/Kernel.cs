// What the kernel under the tests is too old for.
namespace Skiff.SystemTests.Harness;

public static class Kernel
{
    /// <summary>Skips the test on an older kernel, where what it tries is refused by name.</summary>
    public static void Require(int major, int minor, string what) =>
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(major, minor), $"{what} need Linux {major}.{minor}");

    /// <summary>systemd runs, and all controllers are in cgroup version 2.</summary>
    public static bool HasSystemdAndCgroup2 =>
        Directory.Exists("/run/systemd/system") && File.Exists("/sys/fs/cgroup/cgroup.controllers");
}
