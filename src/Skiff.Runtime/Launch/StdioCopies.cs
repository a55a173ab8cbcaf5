// The stdio of a process to be, on numbers that the child can move from.
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Runtime.Launch;

/// <summary>Copies with numbers above 2: then no dup3 to 0, 1 or 2 overwrites the source of another.</summary>
internal sealed class StdioCopies : IDisposable
{
    public StdioCopies(ProcessStdio stdio, uint uid)
    {
        Stdin = Fd.CopyOf(stdio.Stdin);
        Stdout = Fd.CopyOf(stdio.Stdout);
        Stderr = Fd.CopyOf(stdio.Stderr);
        if (uid == 0)
            return;
        foreach (Fd fd in (ReadOnlySpan<Fd>)[Stdin, Stdout, Stderr])
            GiveTo(fd, uid);
    }

    public Fd Stdin { get; }
    public Fd Stdout { get; }
    public Fd Stderr { get; }

    public void Dispose()
    {
        Stdin.Dispose();
        Stdout.Dispose();
        Stderr.Dispose();
    }

    /// <summary>A user may want to reopen /dev/stdout. Never the host's /dev/null, though.</summary>
    static void GiveTo(Fd fd, uint uid)
    {
        FileStatus status = FileAt.Status(fd);
        bool isNull = status is { Kind: FileKind.CharacterDevice, Major: 1, Minor: 3 };
        if (status.Uid == uid || isNull)
            return;
        try
        {
            FileAt.SetOwner(fd, uid, uint.MaxValue); // the group stays: -1 in fchown(2)
        }
        catch (ErrnoException e) when (e.Errno is Errno.EPERM or Errno.EINVAL or Errno.EROFS)
        {
            // Then it keeps its owner; what is open stays usable.
        }
    }
}
