// Processes by handle instead of by number: signal and reap without hitting a later process of the same number.
using Skiff.Linux.Native;

namespace Skiff.Linux.Processes;

/// <summary>How a process ended: Code is its exit status, or the number of the signal that killed it.</summary>
public readonly record struct ExitStatus(bool Signaled, int Code)
{
    /// <summary>As shells say it: the exit status, or 128 + the signal.</summary>
    public int ShellCode => Signaled ? 128 + Code : Code;
}

/// <summary>Operations on pid file descriptors. A pidfd becomes readable (epoll) when its process ends. pidfd_open(2).</summary>
public static unsafe class Pidfd
{
    /// <exception cref="ErrnoException">ESRCH: no such process</exception>
    public static Fd Open(int pid) =>
        new((int)Libc.Check(Libc.pidfd_syscall(Libc.SYS_pidfd_open, pid, 0, 0, 0), "pidfd_open", pid.ToString()));

    /// <summary>Sends a signal; false if the process has ended and was reaped.</summary>
    /// <exception cref="ErrnoException">EINVAL: no such signal; EPERM</exception>
    public static bool SendSignal(Fd pidfd, int signal)
    {
        if (Libc.pidfd_syscall(Libc.SYS_pidfd_send_signal, pidfd.Number, signal, 0, 0) == 0)
            return true;
        Errno errno = Libc.LastErrno;
        return errno == Errno.ESRCH ? false : throw new ErrnoException("pidfd_send_signal", null, errno);
    }

    /// <summary>Reaps a child process; null if it has not ended yet. waitid(2) with P_PIDFD.</summary>
    /// <exception cref="ErrnoException">ECHILD: not our child, or reaped before</exception>
    public static ExitStatus? TryReap(Fd pidfd) => Wait(pidfd, Libc.WEXITED | Libc.WNOHANG);

    /// <summary>Waits until a child process ends, and reaps it.</summary>
    /// <exception cref="ErrnoException">ECHILD: not our child, or reaped before</exception>
    public static ExitStatus Reap(Fd pidfd) => Wait(pidfd, Libc.WEXITED)!.Value;

    static ExitStatus? Wait(Fd pidfd, int options)
    {
        byte* info = stackalloc byte[Libc.SiginfoBytes];
        new Span<byte>(info, Libc.SiginfoBytes).Clear();
        nint result;
        do result = Libc.waitid(Libc.P_PIDFD, (uint)pidfd.Number, info, options);
        while (result == -1 && Libc.LastErrno == Errno.EINTR);
        Libc.Check(result, "waitid");
        // siginfo_t: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status.
        int* words = (int*)info;
        if (words[0] == 0)
            return null; // WNOHANG, still running
        const int CLD_EXITED = 1;
        return new ExitStatus(Signaled: words[2] != CLD_EXITED, words[6]);
    }
}
