// The last words of a launch plan: find the program and become it.
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

public sealed partial class LaunchPlan
{
    /// <summary>The call of the op that only fails: negative numbers are no system calls.</summary>
    internal static readonly Syscall Fail = new("fail", -1, -1);

    // What may be wrong with one directory of PATH and still leaves hope for the next.
    static readonly ErrnoSet NotHere = ErrnoSet.Of(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES, Errno.ELOOP, Errno.ENAMETOOLONG);

    /// <summary>
    /// Runs the program: by its path if it has a slash, else the first that runs of those along PATH. The messages of
    /// failures are runc's, because clients derive exit codes from them.
    /// </summary>
    /// <param name="arguments">argv; the first names the program</param>
    /// <param name="searchPath">the value of PATH; null and empty find nothing</param>
    public void Execute(IReadOnlyList<string> arguments, IReadOnlyList<string> environment, string? searchPath)
    {
        string name = arguments[0];
        Arg argv = Arg.Texts(arguments);
        Arg envp = Arg.Texts(environment);
        if (name.Contains('/', StringComparison.Ordinal))
        {
            ExecutePath(name, argv, envp);
            return;
        }
        if (name.Length > 0)
        {
            foreach (string path in Along(searchPath, name))
                AddOfProgram($"exec {path}", NotHere, Syscall.execve, path, argv, envp);
        }
        FailWith($"exec: \"{name}\": executable file not found in $PATH", 0);
    }

    /// <summary>
    /// Fails as <see cref="Execute"/> would if the program is missing or not executable, in time for the launcher to
    /// hear of it.
    /// </summary>
    public void CheckProgram(string name, string? searchPath)
    {
        const int X_OK = 1;
        if (name.Contains('/', StringComparison.Ordinal))
        {
            AddOfProgram($"exec: \"{name}\": stat {name}", default, Syscall.faccessat, Libc.AT_FDCWD, name, 0);
            AddOfProgram($"exec: \"{name}\"", default, Syscall.faccessat, Libc.AT_FDCWD, name, X_OK);
            AddOfProgram(
                "is it a directory?",
                ErrnoSet.All,
                Syscall.openat,
                Libc.AT_FDCWD,
                name,
                Arg.Flags((ulong)(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC)),
                0
            );
            Last.SkipOnIgnored = 1;
            FailWith($"exec: \"{name}\"", -(int)Errno.EISDIR);
            return;
        }
        var attempts = new List<LaunchOp>();
        foreach (string path in name.Length == 0 ? [] : Along(searchPath, name))
        {
            AddOfProgram($"find {path}", ErrnoSet.All, Syscall.faccessat, Libc.AT_FDCWD, path, X_OK);
            attempts.Add(Last);
        }
        FailWith($"exec: \"{name}\": executable file not found in $PATH", 0);
        foreach (LaunchOp attempt in attempts)
            IfDoneSkipTo(attempt);
    }

    /// <summary>PATH of the environment: an empty directory is the current one, but an empty PATH has none.</summary>
    static IEnumerable<string> Along(string? searchPath, string name)
    {
        if (searchPath is null or "")
            yield break;
        foreach (string directory in searchPath.Split(':'))
            yield return directory.Length == 0 ? $"./{name}" : $"{directory.TrimEnd('/')}/{name}";
    }

    /// <summary>Runs a program by its path.</summary>
    public void ExecutePath(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment) =>
        ExecutePath(path, Arg.Texts(arguments), Arg.Texts(environment));

    void ExecutePath(string path, Arg argv, Arg envp)
    {
        Register result = NewResult("exec");
        AddOfProgram($"exec {path}", NotHere, Syscall.execve, result, path, argv, envp);
        byte[] stat = new byte[256]; // struct stat and some
        AddOfProgram(
            $"exec: \"{path}\": stat {path}",
            default,
            Syscall.newfstatat,
            Libc.AT_FDCWD,
            path,
            Arg.Bytes(stat, "stat"),
            0
        );
        // It exists. execve calls a directory EACCES; a missing interpreter is the ENOENT of a file that is there.
        AddOfProgram(
            "is it a directory?",
            ErrnoSet.All,
            Syscall.openat,
            Libc.AT_FDCWD,
            path,
            Arg.Flags((ulong)(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC)),
            0
        );
        Last.SkipOnIgnored = 1;
        FailWith($"exec: \"{path}\"", -(int)Errno.EISDIR);
        FailWith($"exec: \"{path}\"", result);
    }

    void AddOfProgram(string what, ErrnoSet ignored, Syscall call, params ReadOnlySpan<Arg> arguments) =>
        AddOfProgram(what, ignored, call, new Register(-1), arguments);

    void AddOfProgram(string what, ErrnoSet ignored, Syscall call, Register result, params ReadOnlySpan<Arg> arguments) =>
        ops.Add(
            new LaunchOp
            {
                What = what,
                Call = call,
                Arguments = arguments.ToArray(),
                Ignored = ignored,
                Destination = result.Index,
                OfProgram = true,
            }
        );

    /// <param name="error">minus an errno; 0 if the words say it all</param>
    void FailWith(string what, Arg error) => AddOfProgram(what, default, Fail, error);
}
