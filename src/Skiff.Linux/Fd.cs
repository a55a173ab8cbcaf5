// The owning file descriptor: closes itself once, whoever forgets.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Native;

namespace Skiff.Linux;

/// <summary>Owns one open file descriptor and closes it when disposed or collected.</summary>
public sealed class Fd : SafeHandleMinusOneIsInvalid
{
    public Fd()
        : base(ownsHandle: true) { }

    public Fd(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The number. Valid while this object lives: keep a reference across the call that uses it.</summary>
    public int Number => (int)handle;

    /// <summary>The path by which this process (and only it) can name the open file.</summary>
    public string ProcPath => $"/proc/self/fd/{Number}";

    /// <summary>Where the file is now, from the root of the mounts that it is in. proc_pid_fd(5).</summary>
    public string RealPath() => new FileInfo(ProcPath).LinkTarget ?? "/";

    /// <summary>A further descriptor of the same open file, close-on-exec, with a number above 2.</summary>
    /// <exception cref="ErrnoException">EBADF, EMFILE</exception>
    public static Fd CopyOf(int descriptor) =>
        new((int)Libc.Check(Libc.fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, 3), "fcntl", "F_DUPFD_CLOEXEC"));

    /// <summary>Gives the number away: the caller owns it from now on and this object closes nothing.</summary>
    public int Release()
    {
        int number = Number;
        SetHandleAsInvalid();
        return number;
    }

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
