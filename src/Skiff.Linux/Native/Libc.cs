// P/Invokes that every room needs. Each area adds its own part of this class in Libc.<Area>.cs.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

internal static unsafe partial class Libc
{
    const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    /// <summary>The error of the last P/Invoke of this thread.</summary>
    internal static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Throws when <paramref name="result"/> is -1, else hands it on.</summary>
    internal static nint Check(nint result, string call, string? subject = null) =>
        result == -1 ? throw new ErrnoException(call, subject, LastErrno) : result;
}
