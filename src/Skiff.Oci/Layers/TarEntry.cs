// One member of a tar archive, whatever dialect it was written in.
namespace Skiff.Oci.Layers;

/// <summary>The kinds of members that a layer can hold.</summary>
public enum TarKind
{
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>Seconds since 1970 (may be negative) and nanoseconds after that second.</summary>
public readonly record struct TarTime(long Seconds, uint Nanoseconds = 0);

/// <summary>An extended attribute. The name has its namespace ("security.capability"); the value is bytes.</summary>
public readonly record struct TarXattr(byte[] Name, byte[] Value);

/// <summary>A part of a sparse file that has data; all else of the file reads as zeros.</summary>
public readonly record struct TarExtent(long Offset, long Length);

/// <summary>The header of a member. The reader's is valid until the next one is read.</summary>
public sealed class TarEntry
{
    public TarKind Kind { get; set; }

    /// <summary>As the archive has it: bytes of no certain encoding, without a closing slash.</summary>
    public ReadOnlyMemory<byte> Name { get; set; }

    /// <summary>Target of a symlink, or the name of the member that a hard link repeats.</summary>
    public ReadOnlyMemory<byte> LinkName { get; set; }

    /// <summary>The twelve permission bits.</summary>
    public uint Mode { get; set; }
    public uint Uid { get; set; }
    public uint Gid { get; set; }

    /// <summary>Bytes of the file, holes included; 0 for everything that is no file.</summary>
    public long Size { get; set; }
    public TarTime Modification { get; set; }

    /// <summary>null where the archive has none.</summary>
    public TarTime? Access { get; set; }
    public uint DeviceMajor { get; set; }
    public uint DeviceMinor { get; set; }
    public IReadOnlyList<TarXattr> Xattrs { get; set; } = [];

    /// <summary>null: the contents are the whole file. Else they are these extents, one after the other.</summary>
    public IReadOnlyList<TarExtent>? Sparse { get; set; }
}
