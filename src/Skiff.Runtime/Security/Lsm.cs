// Labels of Linux security modules that a process takes on at its execve.
using Skiff.Linux;
using Skiff.Linux.Spawn;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Security;

internal static class Lsm
{
    /// <summary>AppArmor: a profile name written to the task's "exec" attribute applies from its next execve on.</summary>
    public static void Plan(LaunchPlan plan, Register proc, string? appArmorProfile)
    {
        if (appArmorProfile is null or "" or "unconfined")
            return;
        plan.WriteFile(
            proc,
            "thread-self/attr/apparmor/exec",
            $"exec {appArmorProfile}",
            $"apply AppArmor profile {appArmorProfile}"
        );
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
