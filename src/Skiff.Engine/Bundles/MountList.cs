// The mounts of a container, in the order in which they are made: root, system, etc files, then the user's by depth.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

internal static class MountList
{
    static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <exception cref="EngineException">InvalidParameter: a bind, mount or tmpfs that cannot be parsed, or two for one place</exception>
    internal static IReadOnlyList<SpecMount> Of(BundleRequest request)
    {
        var host = request.Host;
        var users = UserMounts(host).ToList();
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in users)
            if (!places.Add(mount.Destination))
                throw EngineException.Invalid($"Duplicate mount point: {mount.Destination}");
        return
        [
            request.Root,
            .. DefaultSpec.Mounts(host).Where(m => !places.Contains(m.Destination)),
            .. request
                .EtcFiles.Where(f => !places.Contains(f.Key))
                .OrderBy(f => f.Key, StringComparer.Ordinal)
                .Select(f => DefaultSpec.Bind(f.Value, f.Key, "rbind", "rprivate")),
            // A mount at /a must be there before the one at /a/b.
            .. users.OrderBy(m => m.Destination.Count(c => c == '/')),
        ];
    }

    /// <summary>rslave or rshared when a bind asks for mounts of the host to appear inside; null: private.</summary>
    internal static string? RootPropagation(HostSettings host)
    {
        var asked = host.Binds.SelectMany(b => Options(b).Split(',')).Concat(host.Mounts.Select(m => m.Propagation)).ToList();
        return asked.Any(p => p is "shared" or "rshared") ? "shared" : asked.Any(p => p is "slave" or "rslave") ? "rslave" : null;
    }

    /// <summary>The host paths that binds name: they must exist, or are made where Docker makes them.</summary>
    internal static IEnumerable<(string Source, bool Create)> Sources(HostSettings host) =>
        host.Binds.Select(b => (b.Split(':')[0], true))
            .Concat(host.Mounts.Where(m => m.Type == "bind").Select(m => (m.Source, m.CreateSource)));

    static IEnumerable<SpecMount> UserMounts(HostSettings host) =>
        host.Binds.Select(ParseBind)
            .Concat(host.Mounts.Select(FromRequest))
            .Concat(host.Tmpfs.Select(t => Tmpfs(Destination(t.Key, t.Key), t.Value)));

    static SpecMount ParseBind(string bind)
    {
        string[] parts = bind.Split(':');
        if (parts.Length is < 2 or > 3 || parts.Any(p => p.Length == 0))
            throw EngineException.Invalid($"invalid volume specification: '{bind}'");
        if (!parts[0].StartsWith('/'))
            throw EngineException.NotImplemented(
                $"named volumes (-v {bind}) are not supported yet by this release of Skiff: name a directory of the host"
            );
        var options = new List<string> { "rbind" };
        string access = "rw";
        string propagation = "rprivate";
        foreach (string option in Options(bind).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option is "ro" or "rw")
                access = option;
            else if (Propagations.Contains(option))
                propagation = option;
            else if (option is not ("z" or "Z")) // labels: nothing to do without SELinux
                throw EngineException.Invalid($"invalid mode: {option}");
        }
        options.AddRange([access, propagation]);
        return DefaultSpec.Bind(parts[0], Destination(parts[1], bind), [.. options]);
    }

    static string Options(string bind) => bind.Split(':') is [_, _, var options] ? options : "";

    static SpecMount FromRequest(MountRequest mount)
    {
        string destination = Destination(mount.Target, mount.Target);
        switch (mount.Type)
        {
            case "bind":
                if (!mount.Source.StartsWith('/'))
                    throw EngineException.Invalid(
                        $"invalid mount config for type \"bind\": invalid mount path: '{mount.Source}' mount path must be absolute"
                    );
                return DefaultSpec.Bind(
                    mount.Source,
                    destination,
                    mount.NonRecursive ? "bind" : "rbind",
                    mount.ReadOnly ? "ro" : "rw",
                    mount.Propagation.Length > 0 ? mount.Propagation : "rprivate"
                );
            case "tmpfs":
                var options = new List<string>();
                if (mount.TmpfsSizeBytes > 0)
                    options.Add($"size={mount.TmpfsSizeBytes}");
                if (mount.TmpfsMode > 0)
                    options.Add($"mode={Convert.ToString(mount.TmpfsMode, 8)}");
                if (mount.ReadOnly)
                    options.Add("ro");
                return Tmpfs(destination, string.Join(',', options));
            default:
                throw EngineException.NotImplemented(
                    $"--mount type={mount.Type} is not supported yet by this release of Skiff: bind and tmpfs are"
                );
        }
    }

    static SpecMount Tmpfs(string destination, string options) =>
        new()
        {
            Destination = destination,
            Type = "tmpfs",
            Source = "tmpfs",
            Options =
            [
                "noexec",
                "nosuid",
                "nodev",
                "rprivate",
                .. options.Split(',', StringSplitOptions.RemoveEmptyEntries),
            ],
        };

    static string Destination(string path, string specification)
    {
        if (!path.StartsWith('/'))
            throw EngineException.Invalid(
                $"invalid volume specification: '{specification}': invalid mount path: '{path}' mount path must be absolute"
            );
        string clean = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."));
        return clean == "/"
            ? throw EngineException.Invalid($"invalid volume specification: '{specification}': destination can't be '/'")
            : clean;
    }
}
