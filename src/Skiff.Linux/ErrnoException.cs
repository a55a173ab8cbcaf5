// The one exception of the kernel room: which call failed, on what, and why.
namespace Skiff.Linux;

/// <summary>A system call failed. The message reads "mount(proc): EPERM".</summary>
public sealed class ErrnoException : IOException
{
    public ErrnoException(string call, string? subject, Errno errno)
        : base(subject is null ? $"{call}: {Text(errno)}" : $"{call}({subject}): {Text(errno)}")
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    /// <summary>The system call, by its name in section 2 of the manual.</summary>
    public string Call { get; }

    /// <summary>What it was called on: a path, an interface, a process; null where nothing can be named.</summary>
    public string? Subject { get; }

    public Errno Errno { get; }

    static string Text(Errno errno) => Enum.IsDefined(errno) ? errno.ToString() : $"errno {(int)errno}";
}
