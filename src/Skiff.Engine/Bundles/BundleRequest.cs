// Everything that is known about a container when its bundle is written.
using Skiff.Oci.Runtime;

namespace Skiff.Engine.Bundles;

/// <summary>The input of <see cref="BundleWriter"/>: no part of it is looked up later.</summary>
public sealed record BundleRequest
{
    /// <summary>64 hex digits.</summary>
    public required string Id { get; init; }
    public required ContainerConfig Config { get; init; }
    public required HostSettings Host { get; init; }

    /// <summary>The overlay with the destination "/".</summary>
    public required SpecMount Root { get; init; }

    /// <summary>What its user mounts besides tmpfs, which stand in the settings.</summary>
    public IReadOnlyList<BoundMount> Mounts { get; init; } = [];

    /// <summary>An empty directory of the bundle, over which the root is mounted.</summary>
    public required string RootPath { get; init; }
    public required ResolvedUser User { get; init; }

    /// <summary>The network namespace to join; null with the host's network.</summary>
    public string? NetworkNamespacePath { get; init; }

    /// <summary>Files of the container's own that are bound over /etc/hosts, /etc/hostname, /etc/resolv.conf.</summary>
    public required IReadOnlyDictionary<string, string> EtcFiles { get; init; }
    public required HostFacts Facts { get; init; }

    /// <summary>The engine's --seccomp-profile: "builtin", "unconfined" or the text of a profile.</summary>
    public string SeccompProfile { get; init; } = "builtin";
    public bool NoNewPrivileges { get; init; }

    /// <summary>The engine's --init, for containers that say nothing.</summary>
    public bool Init { get; init; }
    public string CgroupParent { get; init; } = "/skiff";

    /// <summary>The process namespace of another container; null makes one, or takes the host's.</summary>
    public string? PidNamespacePath { get; init; }

    /// <summary>The IPC namespace of another container; null makes one, or takes the host's.</summary>
    public string? IpcNamespacePath { get; init; }

    /// <summary>What of the host is at /dev/shm, where that is shared with other containers; null: a tmpfs of its own.</summary>
    public string? SharedMemoryPath { get; init; }

    /// <summary>The container's own range of users; null: those of the host.</summary>
    public UserIds? Ids { get; init; }

    /// <summary>Shares and rates of block devices, which the user names by path and the kernel by number.</summary>
    public LinuxBlockIO? BlockIO { get; init; }

    /// <summary>Device nodes named by --device (or all, for --privileged), as the host has them.</summary>
    public IReadOnlyList<LinuxDevice> Devices { get; init; } = [];
}
