// Calls on files and directories: the *at family, openat2, extended attributes, syncing, locking.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

internal static unsafe partial class Libc
{
    // ioctl_iflags(2); the third argument points at an int, whatever the macro says.
    internal const uint FS_IOC_GETFLAGS = 0x80086601;
    internal const uint FS_IOC_SETFLAGS = 0x40086602;
    internal const int FS_TOPDIR_FL = 0x20000;

    internal const int AT_REMOVEDIR = 0x200;
    internal const int AT_NO_AUTOMOUNT = 0x800;

    internal const ulong RESOLVE_NO_XDEV = 0x01;
    internal const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    internal const ulong RESOLVE_NO_SYMLINKS = 0x04;
    internal const ulong RESOLVE_BENEATH = 0x08;
    internal const ulong RESOLVE_IN_ROOT = 0x10;

    internal const uint STATX_BASIC_STATS = 0x7ff;
    internal const uint STATX_MNT_ID = 0x1000;

    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;
    internal const int LOCK_UN = 8;

    // The same number on every architecture that was added to Linux after 2019 and on x86-64 and arm64.
    const nint SYS_openat2 = 437;

    /// <summary>struct open_how, openat2(2).</summary>
    internal struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>struct timespec of 64-bit Linux.</summary>
    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct statx_timestamp.</summary>
    internal struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    /// <summary>struct statx, statx(2): the same layout on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct Statx
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint Uid;
        public uint Gid;
        public ushort Mode;
        public ushort Spare0;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatxTime AccessTime;
        public StatxTime BirthTime;
        public StatxTime ChangeTime;
        public StatxTime ModifyTime;
        public uint RdevMajor;
        public uint RdevMinor;
        public uint DevMajor;
        public uint DevMinor;
        public ulong MountId;
    }

    internal static int openat2(int directory, byte* path, OpenHow* how) =>
        (int)openat2_syscall(SYS_openat2, directory, path, how, (nuint)sizeof(OpenHow));

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint openat2_syscall(nint number, nint directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int symlinkat(byte* target, int directory, byte* path);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int linkat(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mknodat(int directory, byte* path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int renameat(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint readlinkat(int directory, byte* path, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchownat(int directory, byte* path, uint uid, uint gid, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchown(int fd, uint uid, uint gid);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmodat(int directory, byte* path, uint mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int utimensat(int directory, byte* path, TimeSpec* times, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int futimens(int fd, TimeSpec* times);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int statx(int directory, byte* path, int flags, uint mask, Statx* result);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint getdents64(int fd, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsync(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int syncfs(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsetxattr(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint fgetxattr(int fd, byte* name, byte* value, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint flistxattr(int fd, byte* list, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint llistxattr(byte* path, byte* list, nuint size);
}
