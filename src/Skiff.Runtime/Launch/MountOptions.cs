// The options of a mount in config.json, sorted by what they act on.
using Skiff.Linux.Mounts;
using Skiff.Oci.Runtime;
using Skiff.Tasks;

namespace Skiff.Runtime.Launch;

/// <summary>runtime-spec: config.md, Linux mount options.</summary>
/// <param name="Change">for this mount alone</param>
/// <param name="Recursive">for this mount and all below: rro, rnosuid ...</param>
/// <param name="Propagation">applied after all else; with everything below if <paramref name="PropagationRecursive"/></param>
/// <param name="Data">for the filesystem: "size=64m"</param>
internal sealed record MountOptions(
    bool Bind,
    bool BindRecursive,
    MountChange Change,
    MountChange Recursive,
    MountPropagation Propagation,
    bool PropagationRecursive,
    IReadOnlyList<string> Data
)
{
    /// <summary>Owners are seen through the mappings of the mount, or else of the container: "idmap", "ridmap".</summary>
    public bool IdMap { get; init; }

    /// <summary>A tmpfs that begins with what the directory below it holds: "tmpcopyup".</summary>
    public bool CopyUp { get; init; }

    /// <summary>What below the source is mounted; null: the source itself. See <see cref="SpecExtensions.Subpath"/>.</summary>
    public string? Subpath { get; init; }

    /// <summary>With all that is mounted below.</summary>
    public bool IdMapRecursive { get; init; }

    /// <exception cref="LaunchException">an option that this runtime does not know how to honour</exception>
    public static MountOptions Parse(string destination, IReadOnlyList<string> options)
    {
        bool bind = false;
        bool bindRecursive = false;
        MountChange change = default;
        MountChange recursive = default;
        MountPropagation propagation = MountPropagation.Unchanged;
        bool propagationRecursive = false;
        bool idMap = false;
        bool idMapRecursive = false;
        bool copyUp = false;
        string? subpath = null;
        var data = new List<string>();
        foreach (string option in options)
        {
            if (FlagOf(option) is MountChange flag)
                change = Combine(change, flag);
            else if (option.StartsWith('r') && FlagOf(option[1..]) is MountChange below)
                recursive = Combine(recursive, below);
            else if (PropagationOf(option.TrimStart('r')) is var kind and not MountPropagation.Unchanged)
                (propagation, propagationRecursive) = (kind, option.StartsWith('r'));
            else if (option is "bind" or "rbind")
            {
                bind = true;
                bindRecursive |= option == "rbind";
            }
            else if (option.StartsWith(SpecExtensions.Subpath, StringComparison.Ordinal))
                subpath = option[SpecExtensions.Subpath.Length..];
            else if (option is "idmap" or "ridmap")
            {
                idMap = true;
                idMapRecursive |= option == "ridmap";
            }
            else if (option is "tmpcopyup")
                copyUp = true;
            else if (option is "remount" or "copy-up")
                throw new LaunchException(
                    FailureKind.Other,
                    $"not supported by this runtime: mount option {option} (of {destination})"
                );
            else if (option is not ("defaults" or "async" or "nomand" or "loud" or "silent" or ""))
                data.Add(option);
        }
        return new MountOptions(bind, bindRecursive, change, recursive, propagation, propagationRecursive, data)
        {
            IdMap = idMap,
            Subpath = subpath,
            IdMapRecursive = idMapRecursive,
            CopyUp = copyUp,
        };
    }

    /// <summary>"rprivate" or "private" as a kind; Unchanged if it is none.</summary>
    public static MountPropagation PropagationOf(string word) =>
        word switch
        {
            "private" => MountPropagation.Private,
            "slave" => MountPropagation.Slave,
            "shared" => MountPropagation.Shared,
            "unbindable" => MountPropagation.Unbindable,
            _ => MountPropagation.Unchanged,
        };

    /// <summary>A later option outdoes an earlier one on the same flag.</summary>
    static MountChange Combine(MountChange first, MountChange then) =>
        new((first.Set & ~then.Clear) | then.Set, (first.Clear & ~then.Set) | then.Clear);

    static MountChange? FlagOf(string option) =>
        option switch
        {
            "ro" => new(MountFlags.ReadOnly),
            "rw" => new(default, MountFlags.ReadOnly),
            "nosuid" => new(MountFlags.NoSuid),
            "suid" => new(default, MountFlags.NoSuid),
            "nodev" => new(MountFlags.NoDevices),
            "dev" => new(default, MountFlags.NoDevices),
            "noexec" => new(MountFlags.NoExec),
            "exec" => new(default, MountFlags.NoExec),
            "nodiratime" => new(MountFlags.NoDirectoryAccessTime),
            "diratime" => new(default, MountFlags.NoDirectoryAccessTime),
            "nosymfollow" => new(MountFlags.NoSymlinkFollow),
            "symfollow" => new(default, MountFlags.NoSymlinkFollow),
            // One field with three values: whatever is set, the whole field is cleared first.
            "noatime" => new(MountFlags.NoAccessTime, MountFlags.AccessTimes),
            "strictatime" => new(MountFlags.StrictAccessTime, MountFlags.AccessTimes),
            "relatime" or "atime" or "norelatime" or "nostrictatime" => new(default, MountFlags.AccessTimes),
            _ => null,
        };
}
