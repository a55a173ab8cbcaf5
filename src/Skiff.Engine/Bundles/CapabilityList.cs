// Which capabilities a container has: Docker's defaults, --cap-add, --cap-drop, --privileged.
using Skiff.Linux.Processes;
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class CapabilityList
{
    /// <summary>Names with CAP_, in the kernel's order.</summary>
    /// <exception cref="EngineException">InvalidParameter: an unknown capability</exception>
    internal static IReadOnlyList<string> Resolve(HostSettings host)
    {
        int last = Capabilities.Last();
        var known = Capabilities.All.Take(last + 1).ToList();
        if (host.Privileged)
            return known;
        var add = host.CapAdd.Select(c => Normal(c, known, "CapAdd")).ToList();
        var drop = host.CapDrop.Select(c => Normal(c, known, "CapDrop")).ToList();
        IEnumerable<string> start = add.Contains("ALL") ? known : drop.Contains("ALL") ? [] : DefaultSpec.Capabilities;
        var chosen = start.Except(drop).Union(add.Where(c => c != "ALL")).ToHashSet(StringComparer.Ordinal);
        return [.. known.Where(chosen.Contains)];
    }

    /// <summary>The five sets. A process of root has them effective; another user's only bound what it may ever gain.</summary>
    internal static LinuxCapabilities Sets(IReadOnlyList<string> capabilities, uint uid) =>
        new()
        {
            Bounding = capabilities,
            Permitted = uid == 0 ? capabilities : [],
            Effective = uid == 0 ? capabilities : [],
        };

    static string Normal(string name, List<string> known, string flag)
    {
        string upper = name.ToUpperInvariant();
        if (upper == "ALL")
            return upper;
        if (!upper.StartsWith("CAP_", StringComparison.Ordinal))
            upper = "CAP_" + upper;
        return known.Contains(upper)
            ? upper
            : throw EngineException.Invalid($"invalid {flag}: unknown capability: \"{upper}\"");
    }
}
