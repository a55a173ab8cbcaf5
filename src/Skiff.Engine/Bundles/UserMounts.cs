// What users mount into a container, as mounts of its config.json.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

/// <param name="Request">checked: see <see cref="MountPlan"/></param>
/// <param name="Source">a path of the host: of a volume, where its data is; "" for a tmpfs</param>
public sealed record BoundMount(MountRequest Request, string Source)
{
    /// <summary>Options of an overlay ("lowerdir+=...") that is bound instead of the source; empty: none.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
}

internal static class UserMounts
{
    /// <param name="ids">users of the container's own: volumes are seen through them, as its root is</param>
    /// <exception cref="EngineException">InvalidParameter: what this kernel cannot do, or options of a tmpfs</exception>
    internal static IEnumerable<SpecMount> Of(
        IReadOnlyList<BoundMount> mounts,
        IReadOnlyDictionary<string, string> tmpfs,
        HostFacts facts,
        UserIds? ids
    ) =>
        mounts
            .Select(m => m.Request.Type == "tmpfs" ? Tmpfs(m.Request) : Bind(m, facts, ids))
            .Concat(tmpfs.Select(t => Tmpfs(MountPlan.Destination(t.Key, ""), t.Value)));

    static SpecMount Bind(BoundMount bound, HostFacts facts, UserIds? ids)
    {
        var mount = bound.Request;
        var options = new List<string> { mount.NonRecursive ? "bind" : "rbind" };
        if (mount.Type == "volume" && ids is not null)
            options.Add("idmap");
        if (mount is { ReadOnly: true, ReadOnlyForceRecursive: true } && !facts.RecursiveReadOnly)
            throw EngineException.Invalid("--mount bind-recursive=readonly needs Linux 5.12");
        // Read-only with all that is mounted below: else a mount inside the directory would stay writable.
        if (mount.ReadOnly)
            options.Add(facts.RecursiveReadOnly && !mount.ReadOnlyNonRecursive ? "rro" : "ro");
        options.Add(mount.Propagation.Length > 0 ? mount.Propagation : "rprivate");
        if (mount.Subpath.Length > 0)
            options.Add(SpecExtensions.Subpath + mount.Subpath);
        options.AddRange(bound.Layers);
        return DefaultSpec.Bind(bound.Source, mount.Target, [.. options]);
    }

    static SpecMount Tmpfs(MountRequest mount)
    {
        string[] options =
        [
            .. mount.TmpfsMode > 0 ? [$"mode={Convert.ToString(mount.TmpfsMode, 8)}"] : Array.Empty<string>(),
            .. mount.TmpfsSizeBytes > 0 ? [$"size={mount.TmpfsSizeBytes}"] : Array.Empty<string>(),
            .. mount.ReadOnly ? ["ro"] : Array.Empty<string>(),
        ];
        return Tmpfs(mount.Target, string.Join(',', options));
    }

    static SpecMount Tmpfs(string destination, string options) =>
        new()
        {
            Destination = destination,
            Type = "tmpfs",
            Source = "tmpfs",
            Options = TmpfsOptions.Merge(options),
        };
}
