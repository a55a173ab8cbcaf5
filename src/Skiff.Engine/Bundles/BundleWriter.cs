// From everything known about a container to its config.json. Pure: the same request gives the same bundle.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

public static class BundleWriter
{
    /// <summary>Writes the whole spec of a container's process, as Docker would.</summary>
    /// <exception cref="EngineException">InvalidParameter: a setting that makes no sense, named as the user wrote it</exception>
    public static Spec Write(BundleRequest request)
    {
        var host = request.Host;
        var security = SecurityOptions.Parse(host.SecurityOpt, request.Facts);
        var capabilities = CapabilityList.Resolve(host, request.Facts.Capabilities);
        return new Spec
        {
            Root = new SpecRoot { Path = request.RootPath, Readonly = host.ReadonlyRootfs },
            Process = Process(request, security, capabilities),
            Hostname = host.UtsMode == "host" ? null : request.Config.Hostname,
            Domainname = host.UtsMode == "host" || request.Config.Domainname.Length == 0 ? null : request.Config.Domainname,
            Mounts = MountList.Of(request),
            Annotations = Annotations(request),
            Linux = new LinuxSpec
            {
                Namespaces = [.. Namespaces(request)],
                TimeOffsets = TimeOffsets.Of(host),
                UidMappings = request.Ids?.Uids,
                GidMappings = request.Ids?.Gids,
                Devices = request.Devices.Count > 0 ? request.Devices : null,
                CgroupsPath = CgroupsPath(request.CgroupParent, host, request.Id),
                Resources = Resources.Of(request),
                RootfsPropagation = MountList.RootPropagation(request.Mounts),
                Seccomp = Seccomp(request, security, capabilities),
                Sysctl = Sysctls.Of(host),
                MaskedPaths =
                    host.Privileged || security.SystemPathsUnconfined
                        ? null
                        : host.MaskedPaths ?? [.. DefaultSpec.MaskedPaths, .. request.Facts.MaskedPaths],
                ReadonlyPaths =
                    host.Privileged || security.SystemPathsUnconfined ? null : host.ReadonlyPaths ?? DefaultSpec.ReadonlyPaths,
            },
        };
    }

    /// <summary>The container's cgroup below the root of every hierarchy: "/skiff/id".</summary>
    /// <exception cref="EngineException">InvalidParameter: a parent that climbs</exception>
    public static string CgroupsPath(string defaultParent, HostSettings host, string id)
    {
        string parent = host.CgroupParent is { Length: > 0 } own ? own : defaultParent;
        string[] parts = parent.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Contains("..") || parts.Contains(".")
            ? throw EngineException.Invalid($"invalid --cgroup-parent \"{parent}\"")
            : $"/{string.Join('/', [.. parts, id])}";
    }

    /// <summary>The environment of a process: PATH, HOSTNAME, TERM and HOME unless the user set them, then the user's.</summary>
    /// <exception cref="EngineException">InvalidParameter: a variable without a name</exception>
    public static IReadOnlyList<string> Environment(IReadOnlyList<string> variables, string hostname, bool terminal, string home)
    {
        if (variables.FirstOrDefault(v => v.IndexOf('=', StringComparison.Ordinal) < 1) is { } nameless)
            throw EngineException.Invalid($"invalid environment variable: {nameless}");
        var environment = new List<string>();
        AddUnlessSet("PATH", DefaultSpec.Path);
        AddUnlessSet("HOSTNAME", "HOSTNAME=" + hostname);
        if (terminal)
            AddUnlessSet("TERM", "TERM=xterm");
        environment.AddRange(variables);
        AddUnlessSet("HOME", "HOME=" + home);
        return environment;

        void AddUnlessSet(string name, string variable)
        {
            if (!variables.Any(v => v.StartsWith(name + "=", StringComparison.Ordinal)))
                environment.Add(variable);
        }
    }

    static IReadOnlyDictionary<string, string>? Annotations(BundleRequest request)
    {
        var own = request.Host.Annotations;
        return (request.Host.Init ?? request.Init) ? new Dictionary<string, string>(own) { [SpecExtensions.Init] = "true" }
            : own.Count > 0 ? own
            : null;
    }

    static string WorkingDirectory(string path) =>
        path.Length == 0 ? "/"
        : path[0] == '/' ? path
        : throw EngineException.Invalid($"the working directory '{path}' is invalid, it needs to be an absolute path");

    static SpecProcess Process(BundleRequest request, SecurityOptions security, IReadOnlyList<string> capabilities)
    {
        var config = request.Config;
        var host = request.Host;
        return new SpecProcess
        {
            Terminal = config.Tty,
            ConsoleSize =
                config.Tty && host.ConsoleRows > 0
                    ? new ConsoleSize { Height = host.ConsoleRows, Width = host.ConsoleColumns }
                    : null,
            User = User(request.User),
            Args = [.. config.Entrypoint ?? [], .. config.Cmd ?? []],
            Env = Environment(config.Env, config.Hostname, config.Tty, request.User.Home),
            Cwd = WorkingDirectory(config.WorkingDir),
            Capabilities = CapabilityList.Sets(capabilities, request.User.Uid),
            Rlimits = host.Ulimits.Count > 0 ? [.. host.Ulimits.Select(Rlimit)] : null,
            NoNewPrivileges = security.NoNewPrivileges ?? request.NoNewPrivileges,
            OomScoreAdj = host.OomScoreAdj,
            ApparmorProfile = AppArmor(host, security, request.Facts),
        };
    }

    /// <summary>The AppArmor profile that a container runs under: "" on a machine without, "unconfined", or its name.</summary>
    public static string AppArmorProfileOf(HostSettings host, HostFacts facts) =>
        !facts.AppArmor ? "" : AppArmor(host, SecurityOptions.Parse(host.SecurityOpt, facts), facts) ?? "unconfined";

    static string? AppArmor(HostSettings host, SecurityOptions security, HostFacts facts) =>
        // A privileged container has a profile only where its user names one.
        (security.AppArmorProfile ?? (host.Privileged ? null : facts.AppArmorProfile))
            is { } profile
                and not "unconfined"
            ? profile
            : null;

    /// <summary>The user of a process; its own group counts among the additional ones, as Docker has it.</summary>
    public static SpecUser User(ResolvedUser user) =>
        new()
        {
            Uid = user.Uid,
            Gid = user.Gid,
            AdditionalGids = [user.Gid, .. user.AdditionalGids.Where(g => g != user.Gid)],
        };

    static SpecRlimit Rlimit(Ulimit limit) =>
        new()
        {
            Type = "RLIMIT_" + limit.Name.ToUpperInvariant(),
            Soft = limit.Soft < 0 ? ulong.MaxValue : (ulong)limit.Soft,
            Hard = limit.Hard < 0 ? ulong.MaxValue : (ulong)limit.Hard,
        };

    static IEnumerable<LinuxNamespace> Namespaces(BundleRequest request)
    {
        var host = request.Host;
        yield return new LinuxNamespace { Type = "mount" };
        if (request.Ids is not null)
            yield return new LinuxNamespace { Type = "user" };
        if (request.NetworkNamespacePath is { } network)
            yield return new LinuxNamespace { Type = "network", Path = network };
        if (host.UtsMode != "host")
            yield return new LinuxNamespace { Type = "uts" };
        if (host.PidMode != "host")
            yield return new LinuxNamespace { Type = "pid", Path = request.PidNamespacePath };
        if (host.IpcMode != "host")
            yield return new LinuxNamespace { Type = "ipc", Path = request.IpcNamespacePath };
        if (TimeOffsets.Of(host) is not null)
            yield return new LinuxNamespace { Type = "time" };
        if (host.CgroupnsMode != "host")
            yield return new LinuxNamespace { Type = "cgroup" };
    }

    static LinuxSeccomp? Seccomp(BundleRequest request, SecurityOptions security, IReadOnlyList<string> capabilities)
    {
        // A privileged container has a profile only where its user names one.
        string profile = security.SeccompProfile ?? (request.Host.Privileged ? "unconfined" : request.SeccompProfile);
        var set = capabilities.ToHashSet(StringComparer.Ordinal);
        return profile switch
        {
            "unconfined" => null,
            "builtin" or "" => SeccompProfile.For(set, request.Facts.Architecture),
            _ => SeccompProfile.Parse(profile, set, request.Facts.Architecture, request.Facts.Kernel),
        };
    }
}
