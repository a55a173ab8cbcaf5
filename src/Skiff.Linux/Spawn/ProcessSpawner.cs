// Starts an ordinary program with exactly the descriptors, environment and signals asked for.
using System.Text;
using Skiff.Linux.Native;
using Skiff.Linux.Processes;

namespace Skiff.Linux.Spawn;

/// <summary>A program to start.</summary>
public sealed record SpawnRequest
{
    /// <summary>The executable; no search along PATH.</summary>
    public required string Path { get; init; }

    /// <summary>argv, the name first.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>"NAME=value"; nothing else is inherited.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>What becomes descriptor 0, 1, 2 ... of the program, in order; every other descriptor is closed in it.</summary>
    public required IReadOnlyList<Fd> Descriptors { get; init; }

    /// <summary>Signals that stay blocked in the program; all others are unblocked.</summary>
    public IReadOnlyList<int> BlockedSignals { get; init; } = [];
}

/// <summary>A child process: reap it through its pidfd, or it stays a zombie.</summary>
public sealed record SpawnedProcess(int Pid, Fd Pidfd);

/// <summary>
/// posix_spawn(3). glibc's clones with CLONE_VM|CLONE_VFORK, so the size of our heap costs nothing, and it never runs
/// our code in the child. Safe to call from several threads: every descriptor of this process is close-on-exec, and
/// the child closes all but the named ones.
/// </summary>
public static unsafe class ProcessSpawner
{
    /// <summary>Starts the program in a new session; returns once its execve succeeded. All signals have their default action in it.</summary>
    /// <exception cref="ErrnoException">posix_spawn(path): ENOENT, EACCES, ENOEXEC, EAGAIN, ENOMEM</exception>
    public static SpawnedProcess Start(SpawnRequest request)
    {
        byte* actions = stackalloc byte[Libc.SpawnObjectBytes];
        byte* attributes = stackalloc byte[Libc.SpawnObjectBytes];
        byte* signals = stackalloc byte[Libc.SigsetBytes];
        var sources = new List<Fd>(request.Descriptors.Count);
        Check(Libc.posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        Check(Libc.posix_spawnattr_init(attributes), "posix_spawnattr_init");
        try
        {
            // Copies with numbers above all targets: then no dup2 overwrites the source of a later one.
            int count = request.Descriptors.Count;
            foreach (Fd source in request.Descriptors)
                sources.Add(FdIo.Duplicate(source, count));
            for (int i = 0; i < count; i++)
                Check(Libc.posix_spawn_file_actions_adddup2(actions, sources[i].Number, i), "adddup2");
            Check(Libc.posix_spawn_file_actions_addclosefrom_np(actions, count), "addclosefrom_np");

            SetSignals(signals, request.BlockedSignals);
            Check(Libc.posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            // An ignored signal would survive execve: the .NET runtime ignores SIGPIPE. All to default.
            new Span<byte>(signals, Libc.SigsetBytes).Fill(0xff);
            Check(Libc.posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            const short Flags = Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK | Libc.POSIX_SPAWN_SETSID;
            Check(Libc.posix_spawnattr_setflags(attributes, Flags), "posix_spawnattr_setflags");

            int pid = Spawn(request, actions, attributes);
            // Our child cannot vanish before we reap it, so its number is still its own.
            return new SpawnedProcess(pid, Pidfd.Open(pid));
        }
        finally
        {
            _ = Libc.posix_spawnattr_destroy(attributes);
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            foreach (Fd source in sources)
                source.Dispose();
        }
    }

    static int Spawn(SpawnRequest request, byte* actions, byte* attributes)
    {
        // One block: path, the strings of argv and envp, each with its NUL; pointers into it.
        int argc = request.Arguments.Count;
        int envc = request.Environment.Count;
        var text = new List<byte>(512);
        int[] offsets = new int[argc + envc];
        Append(text, request.Path);
        for (int i = 0; i < argc; i++)
            offsets[i] = Append(text, request.Arguments[i]);
        for (int i = 0; i < envc; i++)
            offsets[argc + i] = Append(text, request.Environment[i]);
        byte*[] pointers = new byte*[argc + envc + 2];
        int pid;
        fixed (byte* block = text.ToArray())
        fixed (byte** argv = pointers)
        {
            byte** envp = argv + argc + 1;
            for (int i = 0; i < argc; i++)
                argv[i] = block + offsets[i];
            for (int i = 0; i < envc; i++)
                envp[i] = block + offsets[argc + i];
            Check(Libc.posix_spawn(&pid, block, actions, attributes, argv, envp), "posix_spawn", request.Path);
        }
        return pid;
    }

    static int Append(List<byte> text, string value)
    {
        if (value.Contains('\0'))
            throw new ArgumentException("a string for a program holds a NUL");
        int offset = text.Count;
        text.AddRange(Encoding.UTF8.GetBytes(value));
        text.Add(0);
        return offset;
    }

    static void SetSignals(byte* set, IReadOnlyList<int> signals)
    {
        new Span<byte>(set, Libc.SigsetBytes).Clear();
        foreach (int signal in signals)
            set[(signal - 1) / 8] |= (byte)(1 << ((signal - 1) % 8));
    }

    static void Check(int error, string call, string? subject = null)
    {
        if (error != 0)
            throw new ErrnoException(call, subject, (Errno)error);
    }
}
