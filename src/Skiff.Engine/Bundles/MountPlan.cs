// What a container mounts, from all the ways in which a user can say so: -v, --mount, --volumes-from, VOLUME of its image.
namespace Skiff.Engine.Bundles;

/// <summary>
/// Of a volume, Source is its name, empty for one that is still to be made. The texts of errors are Docker's.
/// </summary>
internal static class MountPlan
{
    /// <param name="places">destinations of the config's volumes, the image's and the user's own</param>
    /// <param name="mountsOf">what another container mounts, by its name</param>
    /// <exception cref="EngineException">InvalidParameter: one that cannot be parsed, or two for one place</exception>
    internal static IReadOnlyList<MountRequest> Of(
        HostSettings host,
        IReadOnlyList<string> places,
        Func<string, IReadOnlyList<MountRequest>> mountsOf
    )
    {
        var own = host.Binds.Select(FromBind).Concat(host.Mounts.Select(Checked)).ToList();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in own)
            if (!taken.Add(mount.Target))
                throw EngineException.Invalid($"Duplicate mount point: {mount.Target}");
        // Of what others mount, the last for a place counts; what is the container's own goes before it.
        var others = host
            .VolumesFrom.SelectMany(text => FromContainer(text, mountsOf))
            .Reverse()
            .Where(m => taken.Add(m.Target))
            .Reverse()
            .ToList();
        foreach (string place in host.Tmpfs.Keys)
            taken.Add(Destination(place, ""));
        var volumes = places
            .Select(p => new MountRequest { Type = "volume", Target = Destination(p, $"invalid volume specification: '{p}': ") })
            .Where(m => taken.Add(m.Target));
        return [.. others, .. own, .. volumes];
    }

    /// <summary>The place in one spelling, so that two for it are seen: "/a/../b/" is "/b".</summary>
    internal static string Destination(string path, string context)
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

    static MountRequest FromBind(string bind)
    {
        string[] parts = bind.Split(':');
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0 || parts[1].Length == 0)
            throw EngineException.Invalid($"invalid volume specification: '{bind}'");
        string type = parts[0].StartsWith('/') ? "bind" : "volume";
        string text = parts.Length == 3 ? parts[2] : "";
        var mode = BindMode.Parse(text);
        string context = $"invalid volume specification: '{bind}': invalid mount config for type \"{type}\": ";
        if (type == "bind" && mode.NoCopy)
            throw EngineException.Invalid(context + "field VolumeOptions must not be specified");
        if (type == "volume" && mode.Propagation.Length > 0)
            throw EngineException.Invalid($"invalid mode: {text}");
        return new MountRequest
        {
            Type = type,
            Source = parts[0],
            Target = Destination(parts[1], context),
            ReadOnly = mode.ReadOnly,
            Propagation = mode.Propagation,
            NoCopy = mode.NoCopy,
            Mode = text,
            // A missing source of -v is made, as Docker does; one of --mount is an error.
            CreateSource = true,
        };
    }

    static MountRequest Checked(MountRequest mount)
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
                break;
            case "tmpfs":
                if (mount.Source.Length > 0)
                    throw EngineException.Invalid(context + "field Source must not be specified");
                break;
            case "volume":
                if (mount.Source.Length == 0 && mount.ReadOnly)
                    throw EngineException.Invalid(context + "must not set ReadOnly mode when using anonymous volumes");
                if (mount.Subpath.StartsWith('/') || mount.Subpath.Split('/').Contains(".."))
                    throw EngineException.Invalid(context + "volume subpath must be a relative path within the volume");
                break;
            case "image" or "cluster" or "npipe":
                throw EngineException.NotImplemented(
                    $"--mount type={mount.Type} is not supported yet by this release of Skiff: bind, volume and tmpfs are"
                );
            default:
                throw EngineException.Invalid(context + "mount type unknown");
        }
        return mount with { Target = Destination(mount.Target, context) };
    }

    /// <summary>"container", or "container:ro".</summary>
    static IEnumerable<MountRequest> FromContainer(string text, Func<string, IReadOnlyList<MountRequest>> mountsOf)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        if (name.Length == 0)
            throw EngineException.Invalid($"malformed volumes-from specification: {text}");
        var mode = BindMode.Parse(colon < 0 ? "" : text[(colon + 1)..]);
        if (mode.NoCopy || mode.Propagation.Length > 0)
            throw EngineException.Invalid($"invalid mode for volumes-from: {text[(colon + 1)..]}");
        return mountsOf(name)
            .Where(m => m.Type is "bind" or "volume")
            .Select(m => m with { ReadOnly = m.ReadOnly || mode.ReadOnly, NoCopy = true });
    }
}
