// Labels of Linux security modules that a process takes on at its execve.
using Skiff.Linux;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Security;

internal static class Lsm
{
    /// <summary>What is written to the task's "exec" attribute applies from its next execve on.</summary>
    /// <param name="proc">of the host, or of the new pid namespace</param>
    public static void Plan(LaunchPlan plan, Register proc, SpecProcess process)
    {
        if (HasProfile(process))
            plan.WriteFile(
                proc,
                "thread-self/attr/apparmor/exec",
                $"exec {process.ApparmorProfile}",
                $"apply AppArmor profile {process.ApparmorProfile}"
            );
        if (process.SelinuxLabel is { Length: > 0 } label)
            plan.WriteFile(proc, "thread-self/attr/exec", label, $"apply SELinux label {label}");
    }

    /// <summary>
    /// The option by which all files of a new filesystem have a label: runc gives it to those that a container writes to.
    /// </summary>
    public static IReadOnlyList<string> WithLabel(IReadOnlyList<string> data, string type, string? label) =>
        label is { Length: > 0 } && type is not ("proc" or "sysfs" or "mqueue" or "cgroup" or "cgroup2" or "overlay")
            ? [.. data, $"context={label}"]
            : data;

    /// <summary>Something is to be done by <see cref="Plan"/>.</summary>
    public static bool IsAsked(SpecProcess process) => HasProfile(process) || process.SelinuxLabel is { Length: > 0 };

    static bool HasProfile(SpecProcess process) => process.ApparmorProfile is not (null or "" or "unconfined");

    /// <exception cref="LaunchException">a label is asked for on a machine without SELinux</exception>
    public static void CheckSelinux(string? label, string member)
    {
        if (label is { Length: > 0 } && KernelFile.TryRead("/sys/fs/selinux/enforce") is null)
            throw new LaunchException(FailureKind.Other, $"{member} {label}: SELinux is not enabled on this machine");
    }

    /// <exception cref="LaunchException">a profile is asked for on a machine without AppArmor, or that is not loaded</exception>
    public static void Check(string? appArmorProfile)
    {
        if (appArmorProfile is null or "" or "unconfined")
            return;
        if (KernelFile.TryRead("/sys/module/apparmor/parameters/enabled")?.StartsWith('Y') != true)
            throw new LaunchException(
                FailureKind.Other,
                $"apparmorProfile {appArmorProfile}: AppArmor is not enabled on this machine"
            );
        // Lines of "name (mode)". Without securityfs the kernel itself will tell.
        string? loaded = KernelFile.TryRead("/sys/kernel/security/apparmor/profiles");
        if (loaded is not null && !$"\n{loaded}".Contains($"\n{appArmorProfile} (", StringComparison.Ordinal))
            throw new LaunchException(
                FailureKind.Other,
                $"AppArmor profile {appArmorProfile} is not loaded: load it by apparmor_parser -r FILE"
            );
    }
}
