// The settings of a terminal: raw mode and back, window size.
using Skiff.Linux.Native;

namespace Skiff.Linux.Terminals;

/// <summary>Characters. 0 x 0 means unknown.</summary>
public readonly record struct WindowSize(ushort Rows, ushort Columns);

/// <summary>
/// Settings of a terminal as they were at some moment. Descriptors are plain numbers here, because the terminals in
/// question are mostly 0, 1 and 2, which nobody owns. termios(3), ioctl_tty(2).
/// </summary>
public sealed unsafe class Termios
{
    readonly byte[] settings = new byte[Libc.TermiosBytes];

    Termios() { }

    /// <summary>True if the descriptor is open on a terminal.</summary>
    public static bool IsTerminal(int descriptor) => Libc.isatty(descriptor) == 1;

    /// <summary>Reads the settings of a terminal.</summary>
    /// <exception cref="ErrnoException">ENOTTY: not a terminal</exception>
    public static Termios Read(int descriptor)
    {
        var termios = new Termios();
        fixed (byte* p = termios.settings)
            Libc.Check(Libc.tcgetattr(descriptor, p), "tcgetattr");
        return termios;
    }

    /// <summary>
    /// Puts a terminal into raw mode (cfmakeraw(3): every byte at once, unchanged, no echo, no signals, no output
    /// processing) and returns its settings as they were, to be given to <see cref="Apply"/> later.
    /// </summary>
    /// <exception cref="ErrnoException">ENOTTY: not a terminal</exception>
    public static Termios MakeRaw(int descriptor)
    {
        Termios before = Read(descriptor);
        var raw = new Termios();
        before.settings.CopyTo(raw.settings, 0);
        fixed (byte* p = raw.settings)
            Libc.cfmakeraw(p);
        raw.Apply(descriptor);
        return before;
    }

    /// <summary>Gives a terminal these settings, at once.</summary>
    /// <exception cref="ErrnoException">ENOTTY: not a terminal; EIO: its other end is gone</exception>
    public void Apply(int descriptor)
    {
        fixed (byte* p = settings)
        {
            nint result;
            do result = Libc.tcsetattr(descriptor, Libc.TCSANOW, p);
            while (result == -1 && Libc.LastErrno == Errno.EINTR);
            Libc.Check(result, "tcsetattr");
        }
    }

    /// <summary>The window size of a terminal; null if the descriptor is no terminal.</summary>
    public static WindowSize? GetWindowSize(int descriptor)
    {
        ushort* size = stackalloc ushort[4]; // struct winsize: rows, columns, two unused
        return Libc.ioctl(descriptor, Libc.TIOCGWINSZ, size) == -1 ? null : new WindowSize(size[0], size[1]);
    }

    /// <summary>Sets the window size; the foreground processes of the terminal get SIGWINCH if it changed.</summary>
    /// <exception cref="ErrnoException">ENOTTY: not a terminal</exception>
    public static void SetWindowSize(int descriptor, WindowSize size)
    {
        ushort* raw = stackalloc ushort[4];
        raw[0] = size.Rows;
        raw[1] = size.Columns;
        raw[2] = raw[3] = 0;
        Libc.Check(Libc.ioctl(descriptor, Libc.TIOCSWINSZ, raw), "ioctl", "TIOCSWINSZ");
    }
}
