// What users mount into a container: -v, --mount, --tmpfs.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class UserMounts
{
    /// <exception cref="EngineException">InvalidParameter: one that cannot be parsed; NotImplemented: volumes</exception>
    internal static IEnumerable<SpecMount> Of(HostSettings host, HostFacts facts) =>
        host
            .Binds.Select(b => FromBind(b, facts))
            .Concat(host.Mounts.Select(m => FromRequest(m, facts)))
            .Concat(host.Tmpfs.Select(t => Tmpfs(Destination(t.Key, ""), t.Value)));

    static SpecMount FromBind(string bind, HostFacts facts)
    {
        string[] parts = bind.Split(':');
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0 || parts[1].Length == 0)
            throw EngineException.Invalid($"invalid volume specification: '{bind}'");
        if (!parts[0].StartsWith('/'))
            throw EngineException.NotImplemented(
                $"named volumes (-v {bind}) are not supported yet by this release of Skiff: name a directory of the host"
            );
        var mode = BindMode.Parse(parts.Length == 3 ? parts[2] : "");
        return Bind(
            new MountRequest
            {
                Type = "bind",
                Source = parts[0],
                Target = Destination(
                    parts[1],
                    $"invalid volume specification: '{bind}': invalid mount config for type \"bind\": "
                ),
                ReadOnly = mode.ReadOnly,
                Propagation = mode.Propagation,
            },
            facts
        );
    }

    static SpecMount FromRequest(MountRequest mount, HostFacts facts)
    {
        string context = $"invalid mount config for type \"{mount.Type}\": ";
        switch (mount.Type)
        {
            case "bind":
                if (mount.Source.Length == 0)
                    throw EngineException.Invalid(context + "field Source must not be empty");
                if (!mount.Source.StartsWith('/'))
                    throw EngineException.Invalid(context + $"invalid mount path: '{mount.Source}' mount path must be absolute");
                if (mount.Propagation.Length > 0 && !BindMode.IsPropagation(mount.Propagation))
                    throw EngineException.Invalid(context + $"invalid propagation mode: {mount.Propagation}");
                if (mount is { ReadOnlyNonRecursive: true, ReadOnlyForceRecursive: true })
                    throw EngineException.Invalid("mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive");
                return Bind(mount with { Target = Destination(mount.Target, context) }, facts);
            case "tmpfs":
                if (mount.Source.Length > 0)
                    throw EngineException.Invalid(context + "field Source must not be specified");
                string[] options =
                [
                    .. mount.TmpfsMode > 0 ? [$"mode={Convert.ToString(mount.TmpfsMode, 8)}"] : Array.Empty<string>(),
                    .. mount.TmpfsSizeBytes > 0 ? [$"size={mount.TmpfsSizeBytes}"] : Array.Empty<string>(),
                    .. mount.ReadOnly ? ["ro"] : Array.Empty<string>(),
                ];
                return Tmpfs(Destination(mount.Target, context), string.Join(',', options));
            case "volume" or "image" or "cluster" or "npipe":
                throw EngineException.NotImplemented(
                    $"--mount type={mount.Type} is not supported yet by this release of Skiff: bind and tmpfs are"
                );
            default:
                throw EngineException.Invalid(context + "mount type unknown");
        }
    }

    static SpecMount Bind(MountRequest mount, HostFacts facts)
    {
        var options = new List<string> { mount.NonRecursive ? "bind" : "rbind" };
        if (mount is { ReadOnly: true, ReadOnlyForceRecursive: true } && !facts.RecursiveReadOnly)
            throw EngineException.Invalid("--mount bind-recursive=readonly needs Linux 5.12");
        // Read-only with all that is mounted below: else a mount inside the directory would stay writable.
        if (mount.ReadOnly)
            options.Add(facts.RecursiveReadOnly && !mount.ReadOnlyNonRecursive ? "rro" : "ro");
        options.Add(mount.Propagation.Length > 0 ? mount.Propagation : "rprivate");
        return DefaultSpec.Bind(mount.Source, mount.Target, [.. options]);
    }

    static SpecMount Tmpfs(string destination, string options) =>
        new()
        {
            Destination = destination,
            Type = "tmpfs",
            Source = "tmpfs",
            Options = TmpfsOptions.Merge(options),
        };

    /// <summary>The place in one spelling, so that two for it are seen: "/a/../b/" is "/b".</summary>
    static string Destination(string path, string context)
    {
        if (!path.StartsWith('/'))
            throw EngineException.Invalid(context + $"invalid mount path: '{path}' mount path must be absolute");
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            if (part == ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("." or ".."))
                parts.Add(part);
        return parts.Count > 0
            ? "/" + string.Join('/', parts)
            : throw EngineException.Invalid(context + "invalid specification: destination can't be '/'");
    }
}
