// "container:X": a namespace that is another container's.
namespace Skiff.Engine.Bundles;

public static class ContainerMode
{
    public const string Prefix = "container:";

    /// <summary>X of "container:X"; null for any other mode.</summary>
    public static string? Target(string mode) => mode.StartsWith(Prefix, StringComparison.Ordinal) ? mode[Prefix.Length..] : null;

    /// <summary>What a container that lives in another's network cannot have of its own.</summary>
    /// <exception cref="EngineException">InvalidParameter, in Docker's words</exception>
    internal static void CheckNetwork(HostSettings host)
    {
        if (Target(host.NetworkMode) is not { } target)
            return;
        if (target.Length == 0)
            throw EngineException.Invalid("Invalid network mode: invalid container format container:<name|id>");
        if (host.UtsMode == "host")
            throw EngineException.Invalid("conflicting options: hostname and the network mode");
        if (host.Dns.Count > 0)
            throw EngineException.Invalid("conflicting options: dns and the network mode");
        if (host.ExtraHosts.Count > 0)
            throw EngineException.Invalid("conflicting options: custom host-to-IP mapping and the network mode");
    }
}
