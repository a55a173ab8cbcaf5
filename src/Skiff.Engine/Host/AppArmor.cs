// The AppArmor profile that containers get on machines that have AppArmor.
using Skiff.Engine.Bundles;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;

namespace Skiff.Engine.Host;

/// <summary>
/// A second wall behind namespaces, capabilities and masked paths: even a process that mounts procfs or sysfs anew, or
/// finds a way around a mask, cannot write the kernel's settings, mount, or trace and signal what is not its container's.
/// </summary>
internal static class AppArmor
{
    const string Profiles = "/sys/kernel/security/apparmor/profiles";
    static readonly string[] Parsers = ["/sbin/apparmor_parser", "/usr/sbin/apparmor_parser"];

    /// <summary>
    /// Loads the profile into the kernel, unless this boot has it already; null where there is no AppArmor. apparmor_parser(8).
    /// </summary>
    /// <param name="directory">of this boot: what stands there was loaded</param>
    /// <param name="notice">told why there is no profile on a machine with AppArmor</param>
    internal static string? Load(string directory, Action<string> notice)
    {
        if (KernelFile.TryRead("/sys/module/apparmor/parameters/enabled")?.StartsWith('Y') != true)
            return null;
        string file = Path.Combine(directory, "apparmor");
        bool current = File.Exists(file) && File.ReadAllText(file) == AppArmorProfile.Text;
        if (current && IsLoaded())
            return AppArmorProfile.Name;
        if (Array.Find(Parsers, File.Exists) is not { } parser)
        {
            notice("containers get no AppArmor profile: apparmor_parser is missing (package apparmor)");
            return null;
        }
        File.Delete(file);
        string loading = file + ".new";
        File.WriteAllText(loading, AppArmorProfile.Text);
        string errors = file + ".log";
        if (Run(parser, loading, errors) != 0)
        {
            notice($"containers get no AppArmor profile: {File.ReadAllText(errors).Trim()}");
            return null;
        }
        File.Delete(errors);
        File.Move(loading, file);
        return AppArmorProfile.Name;
    }

    static bool IsLoaded() =>
        KernelFile.TryRead(Profiles)?.Contains($"{AppArmorProfile.Name} (enforce)", StringComparison.Ordinal) == true;

    static int Run(string parser, string profile, string errors)
    {
        using var nothing = FdIo.OpenReadWrite("/dev/null");
        File.Delete(errors);
        using var output = FdIo.OpenAppend(errors, 0x180);
        var process = ProcessSpawner.Start(
            new SpawnRequest
            {
                Path = parser,
                Arguments = ["apparmor_parser", "--replace", "--skip-cache", profile],
                Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
                Descriptors = [nothing, output, output],
            }
        );
        using (process.Pidfd)
            return Pidfd.Reap(process.Pidfd).ShellCode;
    }
}
