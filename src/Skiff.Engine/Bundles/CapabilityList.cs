// Which capabilities a container has: Docker's defaults, --cap-add, --cap-drop, --privileged.
using Skiff.Oci.Runtime;
using Known = Skiff.Linux.Processes.Capabilities;

namespace Skiff.Engine.Bundles;

internal static class CapabilityList
{
    const string All = "ALL";

    /// <summary>Names with CAP_, in the kernel's order.</summary>
    /// <param name="available">what the engine has to give</param>
    /// <exception cref="EngineException">InvalidParameter: an unknown capability, or one that is asked for and not to be had</exception>
    internal static IReadOnlyList<string> Resolve(HostSettings host, IReadOnlyList<string> available)
    {
        var add = host.CapAdd.Select(c => Normal(c, available, "CapAdd")).ToList();
        var drop = host.CapDrop.Select(c => Normal(c, available, "CapDrop")).ToList();
        IEnumerable<string> chosen =
            host.Privileged ? available
            : add.Contains(All) ? available.Except(drop)
            : drop.Contains(All) ? add
            : DefaultSpec.Capabilities.Except(drop).Union(add);
        var set = chosen.ToHashSet(StringComparer.Ordinal);
        return [.. available.Where(set.Contains)];
    }

    /// <summary>The five sets. A process of root has them effective; another user's only bound what it may ever gain.</summary>
    internal static LinuxCapabilities Sets(IReadOnlyList<string> capabilities, uint uid) =>
        new()
        {
            Bounding = capabilities,
            Permitted = uid == 0 ? capabilities : [],
            Effective = uid == 0 ? capabilities : [],
        };

    static string Normal(string name, IReadOnlyList<string> available, string flag)
    {
        string upper = name.ToUpperInvariant();
        if (upper == All)
            return upper;
        if (!upper.StartsWith("CAP_", StringComparison.Ordinal))
            upper = "CAP_" + upper;
        if (Known.TryParse(upper) is null)
            throw EngineException.Invalid($"invalid {flag}: unknown capability: \"{upper}\"");
        return available.Contains(upper)
            ? upper
            : throw EngineException.Invalid(
                $"invalid {flag}: capability not supported by your kernel or not available in the current environment: \"{upper}\""
            );
    }
}
