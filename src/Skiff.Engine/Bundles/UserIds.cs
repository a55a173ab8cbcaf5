// The users and groups of a container with a user namespace: a range of the host's.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

/// <summary>User 0 of the container is FirstUid of the host, and so on; there are Size of each.</summary>
public sealed record UserIds(uint FirstUid, uint FirstGid, uint Size)
{
    internal IReadOnlyList<IdMapping> Uids => [new IdMapping { HostId = FirstUid, Size = Size }];
    internal IReadOnlyList<IdMapping> Gids => [new IdMapping { HostId = FirstGid, Size = Size }];

    /// <summary>What a container with a user namespace of its own cannot share with the host.</summary>
    /// <exception cref="EngineException">InvalidParameter, in Docker's words</exception>
    internal static void Check(HostSettings host)
    {
        if (host.Privileged)
            throw EngineException.Invalid(
                "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode"
            );
        if (host.NetworkMode == "host")
            throw EngineException.Invalid("cannot share the host's network namespace when user namespaces are enabled");
        if (host.PidMode == "host")
            throw EngineException.Invalid("cannot share the host PID namespace when user namespaces are enabled");
    }
}
