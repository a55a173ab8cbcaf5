// What can be set on a mount: flags and propagation.
namespace Skiff.Linux.Mounts;

/// <summary>MOUNT_ATTR_*, mount_setattr(2). The access time settings are one field: clear AccessTimes to set one.</summary>
[Flags]
public enum MountFlags
{
    None = 0,
    ReadOnly = 0x1,
    NoSuid = 0x2,
    NoDevices = 0x4,
    NoExec = 0x8,
    NoAccessTime = 0x10,
    StrictAccessTime = 0x20,

    /// <summary>The field of the access time settings; all zero is relatime.</summary>
    AccessTimes = 0x70,
    NoDirectoryAccessTime = 0x80,
    NoSymlinkFollow = 0x200000,
}

/// <summary>mount_namespaces(7), SHARED SUBTREES; the values are those of mount(2).</summary>
public enum MountPropagation
{
    Unchanged = 0,
    Unbindable = 0x20000,
    Private = 0x40000,
    Slave = 0x80000,
    Shared = 0x100000,
}

/// <summary>A change to a mount.</summary>
public readonly record struct MountChange(
    MountFlags Set,
    MountFlags Clear = MountFlags.None,
    MountPropagation Propagation = MountPropagation.Unchanged
)
{
    public bool IsNothing => this == default;

    public override string ToString()
    {
        var parts = new List<string>(3);
        if (Set != MountFlags.None)
            parts.Add($"set {Set}");
        if (Clear != MountFlags.None)
            parts.Add($"clear {Clear}");
        if (Propagation != MountPropagation.Unchanged)
            parts.Add($"propagation {Propagation}");
        return "{" + string.Join("; ", parts) + "}";
    }
}
