// The default seccomp profile and the reading of a user's own.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

public static class SeccompProfile
{
    public static LinuxSeccomp? For(IReadOnlySet<string> capabilities, string architecture) => null;

    public static LinuxSeccomp Parse(string json, IReadOnlySet<string> capabilities, string architecture, Version kernel) =>
        throw EngineException.NotImplemented("--security-opt seccomp=FILE is filled in by this slice");
}
