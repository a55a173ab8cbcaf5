// The default AppArmor profile of containers: its name and its rules.
namespace Skiff.Engine.Bundles;

/// <summary>
/// What Docker's profile of the same purpose allows and denies, so that an image that runs there runs here:
/// everything but mounting, writing the kernel's settings in /proc and /sys, and reaching processes outside. apparmor.d(5).
/// </summary>
public static class AppArmorProfile
{
    /// <summary>As seen in /proc/PID/attr/current and given to --security-opt apparmor=.</summary>
    public const string Name = "skiff-default";

    /// <summary>Docker's name for it, which compose files know.</summary>
    internal const string DockerName = "docker-default";

    // No includes: the profile must not depend on what the machine has in /etc/apparmor.d.
    internal const string Text = $$"""
        profile {{Name}} flags=(attach_disconnected,mediate_deleted) {
          network,
          capability,
          file,
          umount,

          # The engine and its shims signal from outside; a container's processes signal and trace each other.
          signal (receive) peer=unconfined,
          signal (send, receive) peer={{Name}},
          ptrace (trace, read, tracedby, readby) peer={{Name}},

          deny mount,

          # /proc: a process may write what belongs to a process, and shared memory's limits.
          deny /proc/* w,
          deny /proc/[^1-9s]*/** w,
          deny /proc/s[^y]*/** w,
          deny /proc/sysvipc/** w,
          deny /proc/sys/[^k]** w,
          deny /proc/sys/kernel/{[^s],s[^h],sh[^m]}** w,
          deny /proc/{sysrq-trigger,kcore} rwklx,

          # /sys: cgroups alone may be written.
          deny /sys/{[^f],f[^s],fs/[^c],fs/c[^g],fs/cg[^r]}** wklx,
          deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwklx,
        }

        """;
}
