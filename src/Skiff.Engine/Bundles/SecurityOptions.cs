// The grammar of --security-opt.
namespace Skiff.Engine.Bundles;

/// <param name="SeccompProfile">"unconfined", "builtin" or the text of a profile; null: the engine's</param>
/// <param name="AppArmorProfile">"unconfined" or a profile's name; null: the engine's</param>
internal sealed record SecurityOptions(
    bool? NoNewPrivileges,
    string? SeccompProfile,
    bool SystemPathsUnconfined,
    string? AppArmorProfile = null
)
{
    /// <exception cref="EngineException">InvalidParameter: an unknown option, or one this machine cannot honour</exception>
    internal static SecurityOptions Parse(IReadOnlyList<string> options, HostFacts facts)
    {
        bool? noNewPrivileges = null;
        string? seccomp = null;
        string? appArmor = null;
        bool systemPaths = false;
        foreach (string option in options)
        {
            if (option == "no-new-privileges")
            {
                noNewPrivileges = true;
                continue;
            }
            // "key=value"; "key:value" is the old form.
            int separator = option.IndexOf('=', StringComparison.Ordinal);
            if (separator < 0)
                separator = option.IndexOf(':', StringComparison.Ordinal);
            string key = separator < 0 ? option : option[..separator];
            string value = separator < 0 ? "" : option[(separator + 1)..];
            switch (key)
            {
                case "no-new-privileges" when bool.TryParse(value, out bool parsed):
                    noNewPrivileges = parsed;
                    break;
                case "seccomp" when value.Length > 0:
                    seccomp = value;
                    break;
                case "systempaths" when value == "unconfined":
                    systemPaths = true;
                    break;
                case "apparmor" when value is Bundles.AppArmorProfile.Name or Bundles.AppArmorProfile.DockerName:
                    appArmor = facts.AppArmorProfile;
                    break;
                case "apparmor" when value == "unconfined" || (value.Length > 0 && facts.AppArmor):
                    appArmor = value;
                    break;
                // Where nothing reads labels, any is as good as none: the validator warns.
                case "label" when value == "disable" || (value.Length > 0 && !facts.SELinux):
                    break;
                case "apparmor" when value.Length > 0:
                    throw EngineException.Invalid($"--security-opt apparmor={value}: AppArmor is not enabled on this machine");
                case "label":
                    throw EngineException.NotImplemented(
                        $"--security-opt label={value} is not supported: this release of Skiff applies no SELinux label"
                    );
                default:
                    throw EngineException.Invalid($"invalid --security-opt: \"{option}\"");
            }
        }
        return new SecurityOptions(noNewPrivileges, seccomp, systemPaths, appArmor);
    }
}
