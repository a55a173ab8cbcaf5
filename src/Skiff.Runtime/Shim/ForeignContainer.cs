// A container that another OCI runtime (runc, crun ...) launches for the shim.
using System.Globalization;
using Skiff.Linux;
using Skiff.Linux.Mounts;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Linux.Spawn;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Cgroups;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>
/// The runtime gets a bundle of its own, below the shim's: there the root filesystem is mounted, in a mount namespace
/// of the shim's, so that nothing is ever mounted on the host and nothing stays if the shim is killed. The state of the
/// runtime is there too. What it launches is orphaned by it, and so becomes the shim's child.
/// </summary>
internal sealed class ForeignContainer : IShimContainer
{
    const string Console = "console.sock";

    readonly Bundle bundle;
    readonly string id;
    readonly string runtime;
    readonly Fd? networkNamespace;
    readonly CgroupManager cgroups;
    readonly string place;
    bool created;
    LaunchedProcess? execed;

    ForeignContainer(Bundle bundle, string id, string runtime, Fd? networkNamespace)
    {
        this.bundle = bundle;
        this.id = id;
        this.runtime = runtime;
        this.networkNamespace = networkNamespace;
        cgroups = CgroupManager.Of(bundle.Spec, id);
        place = Path.Combine(bundle.Path, "foreign");
    }

    public Spec Spec => bundle.Spec;

    public bool OomKilled => cgroups.Cgroup.OomKills() > 0;

    /// <summary>Reads the bundle. Nothing is launched yet.</summary>
    /// <param name="runtime">path of the program</param>
    /// <param name="networkNamespace">what config.json calls descriptor 4; stays the caller's</param>
    public static ForeignContainer Open(string bundlePath, string id, string runtime, Fd? networkNamespace) =>
        new(Bundle.Load(bundlePath), id, runtime, networkNamespace);

    public Pty OpenTerminal(string? execJson, WindowSize size)
    {
        if (execJson is null)
            Prepare();
        using Fd listener = UnixSocket.Listen(place, Console);
        // By a short name: an address of a socket holds 107 bytes.
        using Fd directory = FdIo.OpenPlace(place);
        string socket = $"/proc/{Environment.ProcessId}/fd/{directory.Number}/{Console}";
        try
        {
            if (execJson is null)
                Create(null, "--console-socket", socket);
            else
                execed = Exec(execJson, null, "--console-socket", socket);
            // It has connected and sent before it ended; what it sent waits for us.
            using Fd connection =
                UnixSocket.TryAccept(listener) ?? throw new LaunchException(FailureKind.Other, $"{runtime} sent no terminal");
            var sent = new List<Fd>();
            UnixSocket.Receive(connection, new byte[256], sent);
            if (sent is not [Fd master])
                throw new LaunchException(FailureKind.Other, $"{runtime} sent {sent.Count} terminals");
            return Pty.Adopt(master, size);
        }
        finally
        {
            File.Delete(socket);
        }
    }

    public LaunchedProcess Start(ProcessStdio stdio)
    {
        try
        {
            if (!created)
            {
                Prepare();
                Create(stdio);
            }
            Call(null, "start", id);
            return Launched();
        }
        catch
        {
            Remove();
            throw;
        }
    }

    public LaunchedProcess Exec(SpecProcess process, string json, ProcessStdio stdio)
    {
        LaunchedProcess launched = execed ?? Exec(json, stdio);
        execed = null;
        return launched;
    }

    public void Kill(int signal) => Call(null, "kill", "--all", id, signal.ToString(CultureInfo.InvariantCulture));

    public void Update(LinuxResources resources, string json)
    {
        string file = Path.Combine(place, "resources.json");
        File.WriteAllText(file, json);
        Call(null, "update", "--resources", file, id);
    }

    public void Freeze() => Call(null, "pause", id);

    public void Thaw() => Call(null, "resume", id);

    public void Remove()
    {
        if (Directory.Exists(place))
            Call(null, "delete", "--force", id);
        cgroups.Cgroup.Remove();
    }

    public void Dispose() => execed?.Pidfd.Dispose();

    /// <summary>The bundle for the runtime: the same configuration, with a root filesystem that is mounted already.</summary>
    void Prepare()
    {
        if (Directory.Exists(place))
            return;
        string root = Path.Combine(place, "rootfs");
        Directory.CreateDirectory(root);
        byte[] config = Bundle.ReadConfig(bundle.Path);
        string inherited = networkNamespace is null ? "" : $"/proc/{Environment.ProcessId}/fd/{networkNamespace.Number}";
        File.WriteAllBytes(Path.Combine(place, "config.json"), ForeignConfig.Of(config, inherited));
        try
        {
            ChildReaper.Become();
            NamespaceFile.LeaveMounts();
            using Fd mount = ParentMounts.Root(bundle);
            MountApi.Attach(mount, root);
        }
        catch (ErrnoException e)
        {
            throw new LaunchException(FailureKind.Other, $"{e.Call} {e.Subject}: {ErrnoText.Of(e.Errno)}", e);
        }
    }

    void Create(ProcessStdio? stdio, params ReadOnlySpan<string> flags)
    {
        Call(stdio, ["create", "--bundle", place, "--pid-file", PidFile, .. flags, id]);
        created = true;
    }

    LaunchedProcess Exec(string json, ProcessStdio? stdio, params ReadOnlySpan<string> flags)
    {
        string file = Path.Combine(place, "process.json");
        File.WriteAllText(file, json);
        Call(stdio, ["exec", "--detach", "--process", file, "--pid-file", PidFile, .. flags, id]);
        return Launched();
    }

    string PidFile => Path.Combine(place, "pid");

    /// <summary>Our child, even if it has ended already: nobody but us reaps it.</summary>
    LaunchedProcess Launched()
    {
        int pid = int.Parse(File.ReadAllText(PidFile), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        return new LaunchedProcess(pid, Pidfd.Open(pid), ProcessStat.StartTicks(pid) ?? 0);
    }

    /// <summary>Runs the runtime to its end.</summary>
    /// <param name="stdio">null: none</param>
    /// <exception cref="LaunchException">it failed, with the reason that it logged</exception>
    void Call(ProcessStdio? stdio, params IReadOnlyList<string> arguments)
    {
        string log = Path.Combine(place, "log.json");
        File.Delete(log);
        using Fd nothing = FdIo.OpenReadWrite("/dev/null");
        Fd[] descriptors = stdio is { } given
            ? [Fd.CopyOf(given.Stdin), Fd.CopyOf(given.Stdout), Fd.CopyOf(given.Stderr)]
            : [FdIo.Duplicate(nothing), FdIo.Duplicate(nothing), FdIo.Duplicate(nothing)];
        try
        {
            SpawnedProcess process = ProcessSpawner.Start(
                new SpawnRequest
                {
                    Path = runtime,
                    Arguments =
                    [
                        Path.GetFileName(runtime),
                        "--root",
                        Path.Combine(place, "state"),
                        "--log",
                        log,
                        "--log-format",
                        "json",
                        .. arguments,
                    ],
                    Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                    Descriptors = descriptors,
                }
            );
            using Fd pidfd = process.Pidfd;
            ExitStatus status = Pidfd.Reap(pidfd);
            if (status.ShellCode != 0)
                throw Failure(arguments[0], log, status.ShellCode);
        }
        catch (ErrnoException e)
        {
            throw new LaunchException(FailureKind.Other, $"{runtime}: {ErrnoText.Of(e.Errno)}", e);
        }
        finally
        {
            foreach (Fd descriptor in descriptors)
                descriptor.Dispose();
        }
    }

    LaunchException Failure(string command, string log, int code)
    {
        string words = ForeignConfig.LastError(log) ?? $"exit status {code}";
        // As clients of Docker read it: they know runc's words.
        FailureKind kind =
            Has("not found in $PATH", "no such file or directory") ? FailureKind.CommandNotFound
            : Has("permission denied", "is a directory") ? FailureKind.CommandNotExecutable
            : FailureKind.Other;
        if (command is not ("create" or "start" or "exec") || !words.Contains("exec", StringComparison.Ordinal))
            kind = FailureKind.Other;
        string name = Path.GetFileName(runtime);
        return new LaunchException(
            kind,
            words.StartsWith(name, StringComparison.Ordinal) ? words : $"{name} {command} failed: {words}"
        );

        bool Has(string one, string other) =>
            words.Contains(one, StringComparison.OrdinalIgnoreCase) || words.Contains(other, StringComparison.OrdinalIgnoreCase);
    }
}
