// What the engine is told when it starts; never changed afterwards.
using Skiff.Oci.Names;

namespace Skiff.Engine;

public sealed record EngineOptions
{
    /// <summary>Durable state: records, image content, layers, container directories.</summary>
    public string DataRoot { get; init; } = "/var/lib/skiff";

    /// <summary>State of this boot: bundles, sockets. Deleting it after a reboot is safe.</summary>
    public string ExecRoot { get; init; } = "/run/skiff";

    /// <summary>The skiff-runtime program; beside skiffd by default.</summary>
    public string RuntimePath { get; init; } = Path.Combine(AppContext.BaseDirectory, "skiff-runtime");

    /// <summary>Other OCI runtimes, by the name that containers ask for.</summary>
    public IReadOnlyDictionary<string, string> Runtimes { get; init; } = new Dictionary<string, string>();

    /// <summary>The runtime of containers that ask for none.</summary>
    public string DefaultRuntime { get; init; } = OwnRuntime;

    /// <summary>The name of our own runtime, which is always there.</summary>
    public const string OwnRuntime = "skiff-runtime";

    /// <summary>The default network's bridge; created and owned by this engine.</summary>
    public string Bridge { get; init; } = "skiff0";

    /// <summary>Gateway address and prefix of the default network, "172.30.0.1/16"; null picks a free subnet.</summary>
    public string? BridgeIp { get; init; }
    public int? Mtu { get; init; }

    /// <summary>Asked in order before the registry that they stand for.</summary>
    public IReadOnlyList<RegistryMirror> RegistryMirrors { get; init; } = [];

    /// <summary>"host[:port]" or CIDR of registries that may be asked without TLS; loopback always may.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];
    public int MaxConcurrentDownloads { get; init; } = 3;
    public int MaxConcurrentUploads { get; init; } = 5;

    /// <summary>Name servers for containers; empty takes the host's.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>Path of a seccomp profile, "builtin" or "unconfined".</summary>
    public string SeccompProfile { get; init; } = "builtin";
    public bool NoNewPrivileges { get; init; }

    /// <summary>"default", "user" or "user:group" of /etc/subuid and /etc/subgid: the ids of containers that say nothing.</summary>
    public string UsernsRemap { get; init; } = "";

    /// <summary>Where all engines of this machine write which users --userns=auto has given to containers.</summary>
    public string UserRanges { get; init; } = "/run/skiff-users";

    /// <summary>Containers that say nothing run under a small init.</summary>
    public bool Init { get; init; }

    /// <summary>The parent cgroup of containers in every hierarchy.</summary>
    public string CgroupParent { get; init; } = "/skiff";

    /// <summary>Labels of the engine, shown by info.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>How the output of containers is kept that do not say: "json-file", "local" or "none", and options for it.</summary>
    public string LogDriver { get; init; } = "json-file";
    public IReadOnlyDictionary<string, string> LogOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>What this machine runs natively.</summary>
    public static readonly Platform HostPlatform = new()
    {
        OS = "linux",
        Architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        },
    };
}

/// <summary>Another place that serves a registry's content.</summary>
/// <param name="Of">"docker.io", "quay.io", or a part of a registry: "quay.io/team"</param>
/// <param name="Address">
/// Where its API is: "v2/" follows. What stands after "/v2/" in it already goes before every repository's name:
/// "https://proxy.example/v2/quay" asks for "quay/team/app".
/// </param>
public sealed record RegistryMirror(string Of, Uri Address)
{
    /// <summary>As the flag is written.</summary>
    public override string ToString() => Of == "docker.io" ? Address.ToString() : $"{Of}={Address}";

    internal bool Serves(Oci.Names.Reference name) =>
        name.Repository == Of || name.Repository.StartsWith(Of + "/", StringComparison.Ordinal);
}
