// What statx(2) tells of a file, and the kinds a file can have.
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <summary>The kind of a file: S_IFMT of its mode, inode(7).</summary>
public enum FileKind : uint
{
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Symlink = 0xa000,
    Socket = 0xc000,
}

/// <summary>A moment as files have it: seconds since 1970 (may be negative) and nanoseconds after that second.</summary>
public readonly record struct FileTime(long Seconds, uint Nanoseconds = 0)
{
    internal Libc.TimeSpec Raw => new() { Seconds = Seconds, Nanoseconds = Nanoseconds };
}

/// <summary>The status of one file; a symlink's is its own.</summary>
public readonly record struct FileStatus
{
    internal FileStatus(in Libc.Statx raw)
    {
        Kind = (FileKind)(raw.Mode & 0xf000u);
        Mode = raw.Mode & 0xfffu;
        Uid = raw.Uid;
        Gid = raw.Gid;
        Size = (long)raw.Size;
        AllocatedBytes = (long)raw.Blocks * 512;
        Links = raw.Links;
        Inode = raw.Inode;
        Device = ((ulong)raw.DevMajor << 32) | raw.DevMinor;
        MountId = raw.MountId;
        Major = raw.RdevMajor;
        Minor = raw.RdevMinor;
        Access = new FileTime(raw.AccessTime.Seconds, raw.AccessTime.Nanoseconds);
        Modification = new FileTime(raw.ModifyTime.Seconds, raw.ModifyTime.Nanoseconds);
        Change = new FileTime(raw.ChangeTime.Seconds, raw.ChangeTime.Nanoseconds);
    }

    public FileKind Kind { get; }

    /// <summary>The twelve permission bits, setuid, setgid and sticky among them.</summary>
    public uint Mode { get; }
    public uint Uid { get; }
    public uint Gid { get; }

    /// <summary>Bytes.</summary>
    public long Size { get; }

    /// <summary>Bytes on disk.</summary>
    public long AllocatedBytes { get; }
    public uint Links { get; }
    public ulong Inode { get; }

    /// <summary>Identifies the file system, together with nothing else: compare only.</summary>
    public ulong Device { get; }

    /// <summary>Identifies the mount it was reached through; 0 before Linux 5.8.</summary>
    public ulong MountId { get; }

    /// <summary>Of a device, what it stands for.</summary>
    public uint Major { get; }
    public uint Minor { get; }
    public FileTime Access { get; }
    public FileTime Modification { get; }
    public FileTime Change { get; }

    /// <summary>The character device 0:0: how overlayfs says "not here".</summary>
    public bool IsWhiteout => Kind == FileKind.CharacterDevice && Major == 0 && Minor == 0;
}
