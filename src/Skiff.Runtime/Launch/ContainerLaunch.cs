// A container as its shim sees it: opened from a bundle, started, entered, frozen, killed, removed.
using Skiff.Linux;
using Skiff.Linux.Cgroups;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Cgroups;
using Skiff.Runtime.Security;
using Skiff.Runtime.Shim;
using Skiff.Tasks;

namespace Skiff.Runtime.Launch;

/// <summary>One container of one bundle. Not thread-safe: the runtime has one thread.</summary>
internal sealed class ContainerLaunch : IShimContainer
{
    readonly Bundle bundle;
    readonly CgroupManager cgroups;
    Fd? devpts;
    LaunchedProcess? init;
    byte[]? seccompFilter;

    ContainerLaunch(Bundle bundle, CgroupManager cgroups)
    {
        this.bundle = bundle;
        this.cgroups = cgroups;
    }

    /// <summary>The same for a configuration that was read already.</summary>
    /// <param name="systemd">systemd makes the cgroup, whatever its path</param>
    public static ContainerLaunch Open(Bundle bundle, string id, bool systemd = false) =>
        Told(() => new ContainerLaunch(bundle, CgroupManager.Of(bundle.Spec, id, systemd)));

    /// <summary>Reads and validates config.json. Takes nothing from the kernel yet.</summary>
    /// <exception cref="LaunchException">the bundle is missing, malformed, or asks for something unsupported</exception>
    public static ContainerLaunch Open(string bundlePath, string id) =>
        Told(() =>
        {
            Bundle bundle = Bundle.Load(bundlePath);
            return new ContainerLaunch(bundle, CgroupManager.Of(bundle.Spec, id));
        });

    /// <summary>A container that another process has launched.</summary>
    /// <param name="pidfd">of its first process; owned by this from now on</param>
    /// <exception cref="LaunchException">the saved configuration is none</exception>
    public static ContainerLaunch Adopt(Bundle bundle, string id, int pid, ulong startTicks, Fd? pidfd, bool systemd) =>
        Told(() =>
            new ContainerLaunch(bundle, CgroupManager.Of(bundle.Spec, id, systemd))
            {
                init = pidfd is null ? null : new LaunchedProcess(pid, pidfd, startTicks),
            }
        );

    public Spec Spec => bundle.Spec;

    public Cgroup Cgroup => cgroups.Cgroup;

    /// <summary>Descriptors from 3 up that the processes launched by this inherit.</summary>
    public int PreservedDescriptors { get; set; }

    /// <summary>The processes launched by this get a session keyring of their own.</summary>
    public bool NewKeyring { get; set; } = true;

    /// <summary>A pair in the container's own devpts instance: the slave is /dev/pts/N inside. The caller disposes it.</summary>
    /// <exception cref="LaunchException">config.json mounts no devpts on /dev/pts, or it has no terminals left</exception>
    public Pty OpenTerminal(ushort rows, ushort columns) =>
        Told(() =>
        {
            if (devpts is null && init is not null)
                return ParentMounts.OpenTerminalOf(init.Pid, new WindowSize(rows, columns));
            devpts ??= ParentMounts.Devpts(Spec);
            if (devpts is null)
                throw new LaunchException(FailureKind.Other, "a terminal needs a devpts mounted on /dev/pts");
            return Pty.Open(new WindowSize(rows, columns), $"{devpts.ProcPath}/ptmx");
        });

    /// <summary>Launches the process of config.json; returns once execve succeeded. On failure nothing is left behind.</summary>
    /// <exception cref="LaunchException">with the kind and the words for the user</exception>
    /// <param name="gate">a FIFO: it waits there before its execve; stays the caller's</param>
    /// <param name="createHooks">runs the hooks that belong before pivot_root</param>
    public LaunchedProcess Start(ProcessStdio stdio, Fd? gate = null, Action<SpawnedProcess>? createHooks = null) =>
        Told(() =>
        {
            if (init is not null)
                throw new LaunchException(FailureKind.WrongState, "the container has been started already");
            if (createHooks is null && LaunchInputs.HasCreateHooks(Spec))
                throw new LaunchException(FailureKind.Other, "not supported by the shim: hooks");
            Lsm.Check(Spec.Process!.ApparmorProfile);
            Lsm.CheckSelinux(Spec.Process.SelinuxLabel, "process.selinuxLabel");
            Lsm.CheckSelinux(Spec.Linux?.MountLabel, "linux.mountLabel");
            RequireTimeNamespace();
            ProcessMemory.Hide();
            cgroups.RequireUnused();
            bool started = false;
            try
            {
                cgroups.Create();
                Action<SpawnedProcess>? joinScope = cgroups.IsScope ? child => cgroups.StartScope(child.Pid) : null;
                init = Launcher.Container(bundle, Facts(), cgroups.Cgroup, devpts, stdio, gate, createHooks, joinScope);
                started = true;
                return init;
            }
            finally
            {
                if (!started)
                    cgroups.Remove();
            }
        });

    Pty IShimContainer.OpenTerminal(string? execJson, WindowSize size) => OpenTerminal(size.Rows, size.Columns);

    LaunchedProcess IShimContainer.Start(ProcessStdio stdio) => Start(stdio);

    LaunchedProcess IShimContainer.Exec(SpecProcess process, string json, ProcessStdio stdio) => Exec(process, stdio);

    /// <summary>Launches a further process in the running container; returns once execve succeeded.</summary>
    /// <exception cref="LaunchException">with the kind and the words for the user</exception>
    public LaunchedProcess Exec(SpecProcess process, ProcessStdio stdio) =>
        Told(() =>
        {
            if (init is null)
                throw new LaunchException(FailureKind.WrongState, "the container is not running");
            SpecValidator.CheckProcess(process);
            Lsm.Check(process.ApparmorProfile);
            Lsm.CheckSelinux(process.SelinuxLabel, "process.selinuxLabel");
            return Launcher.Exec(Spec, process, Facts(), cgroups.Cgroup, init.Pidfd, stdio);
        });

    /// <summary>Launches a hook in the namespaces of a container; returns once execve succeeded.</summary>
    /// <param name="init">the container's first process; stays the caller's</param>
    /// <exception cref="LaunchException">it could not be run</exception>
    public static LaunchedProcess Hook(
        Spec spec,
        Fd init,
        Fd input,
        Fd output,
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment
    ) => Told(() => Launcher.Inside(spec, init, input.Number, output.Number, arguments, path, environment));

    /// <summary>Sends a signal to every process of the container's cgroup.</summary>
    public void Kill(int signal) => cgroups.Cgroup.Signal(signal);

    /// <summary>Stops every process of the cgroup from running; returns once all stand still.</summary>
    /// <exception cref="TimeoutException">a process does not stop within 10 s; all run again</exception>
    public void Freeze() => cgroups.Cgroup.Freeze();

    /// <summary>Sets other limits.</summary>
    /// <exception cref="LaunchException">one cannot be set; those before it are</exception>
    public void Update(LinuxResources resources) => cgroups.Update(resources);

    void IShimContainer.Update(LinuxResources resources, string json) => Update(resources);

    public void Thaw() => cgroups.Cgroup.Thaw();

    /// <summary>True if the kernel killed a process of the container for lack of memory. Ask before Remove.</summary>
    public bool OomKilled => cgroups.Cgroup.OomKills() > 0;

    /// <summary>Kills what is left and gives back the cgroups. Idempotent; a fresh process may call it after a crash.</summary>
    /// <exception cref="TimeoutException">a process does not die within 10 s</exception>
    public void Remove() => cgroups.Remove();

    /// <summary>Closes descriptors, the pidfd of the first process among them; the container goes on.</summary>
    public void Dispose()
    {
        devpts?.Dispose();
        init?.Pidfd.Dispose();
    }

    /// <summary>Before Linux 6.2 a new one held for the children of the program, not for itself: time_namespaces(7).</summary>
    void RequireTimeNamespace()
    {
        bool wanted = Spec.Linux?.Namespaces?.Any(n => n is { Type: "time", Path: null or "" }) == true;
        if (wanted && Environment.OSVersion.Version < new Version(6, 2))
            throw new LaunchException(FailureKind.Other, "a time namespace of its own (linux.timeOffsets) needs Linux 6.2");
    }

    LaunchFacts Facts() =>
        new()
        {
            AttachPoint = bundle.Path,
            Hierarchies = cgroups.Cgroup.Hierarchies,
            CgroupDirectories = cgroups.Cgroup.Directories,
            PreservedDescriptors = PreservedDescriptors,
            NewKeyring = NewKeyring,
            LastCapability = Capabilities.Last(),
            PermittedCapabilities = Capabilities.Permitted(),
            SeccompFilter = Spec.Linux?.Seccomp is { } seccomp ? seccompFilter ??= SeccompCompiler.Compile(seccomp) : null,
        };

    /// <summary>Failures of the kernel as failures of the launch.</summary>
    static T Told<T>(Func<T> launch)
    {
        try
        {
            return launch();
        }
        catch (LaunchFailure e)
        {
            throw new LaunchException(KindOf(e), e.Message, e);
        }
        catch (ErrnoException e)
        {
            throw new LaunchException(FailureKind.Other, $"{e.Call} {e.Subject}: {ErrnoText.Of(e.Errno)}", e);
        }
    }

    static FailureKind KindOf(LaunchFailure failure)
    {
        if (!failure.OfProgram)
            return FailureKind.Other;
        return failure.Errno is Errno.None or Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ENAMETOOLONG
            ? FailureKind.CommandNotFound
            : FailureKind.CommandNotExecutable;
    }
}
