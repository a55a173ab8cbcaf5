// One cgroup, which is one directory in each hierarchy: joined, frozen, killed.
using System.Globalization;
using Skiff.Linux.Native;
using Skiff.Linux.Processes;

namespace Skiff.Linux.Cgroups;

/// <summary>
/// A cgroup across all hierarchies, of either version. Holds no descriptors: any process may make one of these for a
/// cgroup that another has created.
/// </summary>
public sealed unsafe class Cgroup
{
    /// <summary>Longest wait for processes to stop or die; the kernel needs microseconds unless they hang in I/O.</summary>
    const int PatienceMilliseconds = 10_000;

    readonly string[] directories;

    /// <param name="path">absolute: below each mount point; else below the cgroup of this process</param>
    public Cgroup(IReadOnlyList<CgroupHierarchy> hierarchies, string path)
    {
        Hierarchies = hierarchies;
        IReadOnlyDictionary<string, string>? own = path.StartsWith('/') ? null : CgroupHierarchy.Own();
        directories = [.. hierarchies.Select(h => DirectoryIn(h, path, own))];
        for (int i = 0; i < directories.Length; i++)
        {
            if (hierarchies[i].IsV2)
                UnifiedDirectory = directories[i];
        }
    }

    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; }

    /// <summary>Its directory in each hierarchy, in the same order.</summary>
    public IReadOnlyList<string> Directories => directories;

    /// <summary>The directory in the v2 hierarchy; null if there is none.</summary>
    public string? UnifiedDirectory { get; }

    /// <summary>The directory in the hierarchy that has a controller, and its version; null if none has.</summary>
    public (string Directory, bool IsV2)? Find(string controller)
    {
        for (int i = 0; i < directories.Length; i++)
        {
            if (Hierarchies[i].Controllers.Contains(controller))
                return (directories[i], Hierarchies[i].IsV2);
        }
        return null;
    }

    /// <summary>Makes the directories, and those above them, with the controllers passed down to the last.</summary>
    /// <exception cref="ErrnoException">mkdir: EROFS, EACCES, EAGAIN; write: the way down is barred</exception>
    public void Create()
    {
        for (int i = 0; i < directories.Length; i++)
            CgroupDirectory.Make(Hierarchies[i], directories[i]);
    }

    /// <summary>
    /// Opens each v1 directory's tasks, in the order of Hierarchies: a process of one thread that writes "0" to one has
    /// joined. Unlike a write to cgroup.procs, one of the writer alone takes no lock for which the kernel waits out an
    /// RCU grace period (Linux 5.16): 0.04 ms instead of 8. A process joins the v2 hierarchy by being born into it, see
    /// <see cref="OpenUnified"/>.
    /// </summary>
    public IReadOnlyList<Fd> OpenTasks()
    {
        var opened = new List<Fd>(directories.Length);
        for (int i = 0; i < directories.Length; i++)
        {
            if (!Hierarchies[i].IsV2)
                opened.Add(KernelFile.OpenForWriting($"{directories[i]}/tasks"));
        }
        return opened;
    }

    /// <summary>
    /// Opens the v2 directory for CLONE_INTO_CGROUP; null if there is no v2 hierarchy. Writing to cgroup.procs would
    /// do as well, but waits for an RCU grace period: 8 ms on an idle machine with 250 Hz.
    /// </summary>
    public Fd? OpenUnified() =>
        UnifiedDirectory is null
            ? null
            : new Fd(
                (int)
                    Libc.Check(
                        Libc.open(UnifiedDirectory, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0),
                        "open",
                        UnifiedDirectory
                    )
            );

    /// <summary>The processes in it and below it.</summary>
    public IReadOnlyList<int> Processes()
    {
        var found = new List<int>();
        if (directories.Length > 0)
            CgroupDirectory.CollectProcesses(MainDirectory, found);
        return found;
    }

    /// <summary>Sends a signal to every process in it and below it.</summary>
    public void Signal(int signal)
    {
        if (signal == Signals.SIGKILL && UnifiedDirectory is not null)
        {
            try
            {
                KernelFile.Write($"{UnifiedDirectory}/cgroup.kill", "1"); // all at once, forks included; Linux 5.14
                return;
            }
            catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ENODEV)
            {
                // an older kernel, or no such cgroup (any more)
            }
        }
        foreach (int pid in Processes())
            _ = Libc.kill(pid, signal); // ESRCH: it has just ended
    }

    /// <summary>Stops all processes from running; returns when they stand still.</summary>
    /// <exception cref="TimeoutException">one of them does not stop; all run again</exception>
    public void Freeze()
    {
        if (Freezer() is not var (file, isV2))
            throw new ErrnoException("freeze", "this machine has no freezer", Errno.EOPNOTSUPP);
        KernelFile.Write(file, isV2 ? "1" : "FROZEN");
        string told = isV2 ? $"{UnifiedDirectory}/cgroup.events" : file;
        if (Await(() => KernelFile.Read(told).Contains(isV2 ? "frozen 1" : "FROZEN", StringComparison.Ordinal)))
            return;
        Thaw();
        throw new TimeoutException("the processes of the container do not stop");
    }

    /// <summary>Its processes stand still, or are being stopped.</summary>
    public bool IsFrozen() =>
        Freezer() is var (file, isV2)
        && KernelFile.TryRead(file) is string state
        && state.Trim() is var word
        && word != (isV2 ? "0" : "THAWED");

    public void Thaw()
    {
        if (Freezer() is var (file, isV2))
            KernelFile.Write(file, isV2 ? "0" : "THAWED");
    }

    /// <summary>How many processes the kernel has killed in it for lack of memory.</summary>
    public long OomKills()
    {
        if (Find("memory") is not var (directory, isV2))
            return 0;
        string? text = KernelFile.TryRead($"{directory}/{(isV2 ? "memory.events" : "memory.oom_control")}");
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal))
                return long.Parse(line.AsSpan(9), CultureInfo.InvariantCulture);
        }
        return 0;
    }

    /// <summary>Kills what is left in it and removes it everywhere. Idempotent.</summary>
    /// <exception cref="TimeoutException">a process does not die</exception>
    public void Remove()
    {
        if (RemoveDirectories())
            return;
        if (Freezer() is var (file, _) && File.Exists(file))
            Thaw(); // the frozen of v1 do not die
        bool gone = Await(() =>
        {
            Signal(Signals.SIGKILL);
            return RemoveDirectories();
        });
        if (!gone)
            throw new TimeoutException($"cgroup {MainDirectory} does not become empty");
    }

    bool RemoveDirectories()
    {
        bool all = true;
        foreach (string directory in directories)
            all &= CgroupDirectory.TryRemove(directory);
        return all;
    }

    /// <summary>Any hierarchy holds all processes; v2 where there is one.</summary>
    string MainDirectory => UnifiedDirectory ?? directories[0];

    (string File, bool IsV2)? Freezer()
    {
        if (UnifiedDirectory is not null)
            return ($"{UnifiedDirectory}/cgroup.freeze", true);
        return Find("freezer") is var (directory, _) ? ($"{directory}/freezer.state", false) : null;
    }

    static bool Await(Func<bool> condition)
    {
        long deadline = Environment.TickCount64 + PatienceMilliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > deadline)
                return false;
            _ = Libc.poll(null, 0, 1); // neither version tells everything by an event: look again in a millisecond
        }
        return true;
    }

    static string DirectoryIn(CgroupHierarchy hierarchy, string path, IReadOnlyDictionary<string, string>? own)
    {
        string below = path.Trim('/');
        if (own is not null && own.TryGetValue(hierarchy.OwnKey, out string? mine))
        {
            if (hierarchy.Root != "/" && mine.StartsWith(hierarchy.Root, StringComparison.Ordinal))
                mine = mine[hierarchy.Root.Length..];
            below = $"{mine.Trim('/')}/{below}".TrimStart('/');
        }
        return $"{hierarchy.MountPoint}/{below}";
    }
}
