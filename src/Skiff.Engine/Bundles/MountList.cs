// The mounts of a container, in the order in which they are made: root, system, then the user's and /etc files by depth.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class MountList
{
    /// <exception cref="EngineException">InvalidParameter: a bind, mount or tmpfs that cannot be parsed, or two for one place</exception>
    internal static IReadOnlyList<SpecMount> Of(BundleRequest request)
    {
        var host = request.Host;
        var users = UserMounts.Of(request.Mounts, host.Tmpfs, request.Facts, request.Ids).ToList();
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in users)
            if (!places.Add(mount.Destination))
                throw EngineException.Invalid($"Duplicate mount point: {mount.Destination}");
        // What is the container's own belongs to its users; a bind mount belongs to whom it belongs on the host.
        string[] mapped = request.Ids is null ? [] : ["idmap"];
        var root = request.Root with { Options = [.. request.Root.Options ?? [], .. mapped] };
        // The user's /dev comes with its own pts, shm and mqueue, which ours would hide.
        bool ownDev = places.Contains("/dev");
        var system = DefaultSpec
            .Mounts(host, request.SharedMemoryPath, mapped)
            .Where(m => !places.Contains(m.Destination))
            .Where(m => !ownDev || m.Type == "bind" || !m.Destination.StartsWith("/dev/", StringComparison.Ordinal));
        var files = request
            .EtcFiles.Where(f => !places.Contains(f.Key))
            .OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f =>
                DefaultSpec.Bind(
                    f.Value,
                    f.Key,
                    [.. mapped, .. host.ReadonlyRootfs ? ["rbind", "ro", "rprivate"] : (string[])["rbind", "rprivate"]]
                )
            );
        // A mount at /a must be there before the one at /a/b.
        return [root, .. system, .. users.Concat(files).OrderBy(m => m.Destination.Count(c => c == '/'))];
    }

    /// <summary>rslave or shared when a bind asks for mounts to pass between host and container; null: private.</summary>
    internal static string? RootPropagation(IReadOnlyList<BoundMount> mounts) =>
        mounts.Any(m => m.Request.Propagation is "shared" or "rshared") ? "shared"
        : mounts.Any(m => m.Request.Propagation is "slave" or "rslave") ? "rslave"
        : null;
}
