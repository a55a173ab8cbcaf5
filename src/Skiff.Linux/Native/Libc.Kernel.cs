// The generic system call, and the few wrappers that mounts, processes and cgroups need.
using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.Linux.Native;

internal static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_EMPTY_PATH = 0x1000;
    internal const int AT_RECURSIVE = 0x8000;

    internal static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 1;
    internal const int MAP_ANONYMOUS = 0x20;
    internal const int MAP_POPULATE = 0x8000;

    // syscall(2) is variadic in C; on the ABIs we run on (x86-64, arm64 Linux) that changes nothing.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint syscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial void* mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(void* address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollFd* descriptors, nuint count, int timeoutMilliseconds);

    internal static nint Call(Syscall call, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, nint a4 = 0, nint a5 = 0) =>
        syscall(call.Number, a0, a1, a2, a3, a4, a5);

    /// <summary>A call whose second argument is a path below the directory of the first.</summary>
    internal static nint Call(Syscall call, int directory, string path, nint a2 = 0, nint a3 = 0)
    {
        fixed (byte* p = Utf8(path))
            return syscall(call.Number, directory, (nint)p, a2, a3, 0, 0);
    }

    /// <summary>The text with a final zero, as the kernel takes it.</summary>
    internal static byte[] Utf8(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("a text for the kernel holds a zero byte", nameof(text));
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}

/// <summary>struct pollfd, poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    internal int Descriptor;
    internal short Events;
    internal short Returned;
}
