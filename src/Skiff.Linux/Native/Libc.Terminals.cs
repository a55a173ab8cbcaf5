// Calls on terminals.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Native;

internal static unsafe partial class Libc
{
    internal const uint TIOCGWINSZ = 0x5413;
    internal const uint TIOCSWINSZ = 0x5414;
    internal const uint TIOCGPTN = 0x80045430;
    internal const uint TIOCSPTLCK = 0x40045431;
    internal const uint TIOCGPTPEER = 0x5441;

    internal const int TCSANOW = 0;
    internal const int TCSADRAIN = 1;

    /// <summary>struct termios of glibc: four flag words, the line discipline, 32 control characters, two speeds.</summary>
    internal const int TermiosBytes = 60;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int tcgetattr(int fd, byte* termios);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int tcsetattr(int fd, int actions, byte* termios);

    // SetLastError although it sets none: without it the generator emits a plain [DllImport], which is banned.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial void cfmakeraw(byte* termios);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int isatty(int fd);
}
