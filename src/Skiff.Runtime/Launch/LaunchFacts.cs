// What the compiler of plans must know about the host: all that is not in config.json.
using Skiff.Linux.Cgroups;

namespace Skiff.Runtime.Launch;

internal sealed record LaunchFacts
{
    /// <summary>An existing directory of the host: the new root is attached there for the moment before it is the root.</summary>
    public required string AttachPoint { get; init; }

    /// <summary>The hierarchies of the machine, and the container's directory in each, in the same order.</summary>
    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; init; } = [];
    public IReadOnlyList<string> CgroupDirectories { get; init; } = [];

    /// <summary>One for each mount of config.json, in order.</summary>
    public IReadOnlyList<MountFacts> Mounts { get; init; } = [];

    /// <summary>The highest capability the kernel knows.</summary>
    public int LastCapability { get; init; } = 40;

    /// <summary>The capabilities that this process has to give: bit N is capability N.</summary>
    public ulong PermittedCapabilities { get; init; } = ulong.MaxValue;

    /// <summary>The compiled filter, an array of struct sock_filter; null loads none.</summary>
    public byte[]? SeccompFilter { get; init; }

    /// <summary>The launch stops before execve until somebody starts it.</summary>
    public bool WaitsForStart { get; init; }

    /// <summary>The launcher has systemd put the child into its cgroup.</summary>
    public bool JoinsScope { get; init; }

    /// <summary>How many descriptors from 3 up the program inherits.</summary>
    public int PreservedDescriptors { get; init; }

    /// <summary>The program gets a session keyring of its own.</summary>
    public bool NewKeyring { get; init; } = true;
}

/// <param name="SourceIsFile">a bind mount of something that is no directory</param>
/// <param name="TargetMode">permissions of the directory that will be covered; null if it is not there yet</param>
internal readonly record struct MountFacts(bool SourceIsFile, uint? TargetMode);
