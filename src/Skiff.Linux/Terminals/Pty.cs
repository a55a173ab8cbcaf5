// Pseudo-terminals: opens a pair.
using Skiff.Linux.Native;

namespace Skiff.Linux.Terminals;

/// <summary>A pseudo-terminal: what is written to one end comes out of the other. pty(7). Dispose closes both ends.</summary>
public sealed unsafe class Pty : IDisposable
{
    Pty(Fd master, Fd slave, int index)
    {
        Master = master;
        Slave = slave;
        Index = index;
    }

    /// <summary>The end of the one who plays the terminal (a window, a client); close-on-exec.</summary>
    public Fd Master { get; }

    /// <summary>The end that looks like a terminal to a process; close-on-exec.</summary>
    public Fd Slave { get; }

    /// <summary>N of /dev/pts/N, in the devpts instance that the multiplexer belongs to.</summary>
    public int Index { get; }

    /// <summary>Opens a pair.</summary>
    /// <param name="size">0 x 0 leaves the size unknown</param>
    /// <param name="multiplexer">the ptmx of another devpts instance (a container's), if not this system's</param>
    /// <exception cref="ErrnoException">ENOSPC: no pseudo-terminals left; ENOENT: no devpts there</exception>
    public static Pty Open(WindowSize size = default, string multiplexer = "/dev/ptmx") =>
        Adopt(
            new Fd((int)Libc.Check(Libc.open(multiplexer, Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC, 0), "open", multiplexer)),
            size
        );

    /// <summary>The pair that a master belongs to, which somebody else has opened. Owns the master from now on.</summary>
    /// <param name="size">0 x 0 leaves the size as it is</param>
    /// <exception cref="ErrnoException">ENOTTY: it is none</exception>
    public static Pty Adopt(Fd master, WindowSize size)
    {
        Fd? slave = null;
        try
        {
            int number;
            Libc.Check(Libc.ioctl(master.Number, Libc.TIOCGPTN, &number), "ioctl", "TIOCGPTN");
            int unlock = 0;
            Libc.Check(Libc.ioctl(master.Number, Libc.TIOCSPTLCK, &unlock), "ioctl", "TIOCSPTLCK");
            // TIOCGPTPEER opens the peer itself, whatever /dev/pts is or has become: ioctl_tty(2).
            slave = new Fd(
                (int)
                    Libc.Check(
                        Libc.ioctl(master.Number, Libc.TIOCGPTPEER, (void*)(Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC)),
                        "ioctl",
                        "TIOCGPTPEER"
                    )
            );
            if (size != default)
                Termios.SetWindowSize(master.Number, size);
            return new Pty(master, slave, number);
        }
        catch
        {
            slave?.Dispose();
            master.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Master.Dispose();
        Slave.Dispose();
    }
}
