// Runs hooks: in our own namespaces, or in the container's, with the state on their standard input.
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Namespaces;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Linux.Spawn;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.State;

/// <summary>runtime-spec: config.md, POSIX-platform Hooks.</summary>
/// <param name="store">where the state and the output of a hook are kept while it runs</param>
internal sealed class Hooks(StateStore store, Spec spec)
{
    const int LongestOutput = 4096;

    /// <summary>Those of the time between the container's namespaces and its root, in the order of the specification.</summary>
    public void Create(ContainerRecord record, Fd init)
    {
        Run("prestart", spec.Hooks?.Prestart, record, ContainerStatus.Creating, null);
        Run("createRuntime", spec.Hooks?.CreateRuntime, record, ContainerStatus.Creating, null);
        Run("createContainer", spec.Hooks?.CreateContainer, record, ContainerStatus.Creating, init);
    }

    public void StartContainer(ContainerRecord record, Fd init) =>
        Run("startContainer", spec.Hooks?.StartContainer, record, ContainerStatus.Created, init);

    public void Poststart(ContainerRecord record) => RunAll("poststart", spec.Hooks?.Poststart, record, ContainerStatus.Running);

    public void Poststop(ContainerRecord record) => RunAll("poststop", spec.Hooks?.Poststop, record, ContainerStatus.Stopped);

    /// <summary>The failure of one is only worth a warning.</summary>
    void RunAll(string kind, IReadOnlyList<SpecHook>? hooks, ContainerRecord record, ContainerStatus status)
    {
        foreach (SpecHook hook in hooks ?? [])
        {
            try
            {
                Run(kind, [hook], record, status, null);
            }
            catch (Exception e) when (e is LaunchException or IOException)
            {
                Complaints.Warn(e.Message);
            }
        }
    }

    /// <exception cref="LaunchException">one failed: the rest was not run</exception>
    void Run(string kind, IReadOnlyList<SpecHook>? hooks, ContainerRecord record, ContainerStatus status, Fd? inside)
    {
        if (hooks is not { Count: > 0 })
            return;
        string directory = store.DirectoryOf(record.Id);
        string stateFile = Path.Combine(directory, "hook.json");
        string outputFile = Path.Combine(directory, "hook.out");
        AtomicFile.Write(
            stateFile,
            StateJson.Of(record with { IsCreating = false }, status, spec, indented: false),
            durable: false
        );
        try
        {
            for (int i = 0; i < hooks.Count; i++)
            {
                using Fd input = FdIo.OpenRead(stateFile);
                using Fd output = FdIo.OpenAppend(
                    outputFile,
                    0x180 /* 0600 */
                );
                string? failure = Failure(hooks[i], input, output, inside);
                if (failure is not null)
                    throw new LaunchException(
                        FailureKind.Other,
                        $"error running {kind} hook #{i} ({hooks[i].Path}): {failure}, output: {Said(outputFile)}"
                    );
                File.Delete(outputFile);
            }
        }
        finally
        {
            File.Delete(outputFile);
            File.Delete(stateFile);
        }
    }

    /// <summary>null: it succeeded.</summary>
    string? Failure(SpecHook hook, Fd input, Fd output, Fd? inside)
    {
        (int pid, Fd pidfd) = Start(hook, input, output, inside);
        using (pidfd)
        {
            if (hook.Timeout is int seconds && !Ends(pidfd, seconds))
            {
                Pidfd.SendSignal(pidfd, Signals.SIGKILL);
                Pidfd.Reap(pidfd);
                return $"it did not end within {seconds} s";
            }
            ExitStatus status = Pidfd.Reap(pidfd);
            return status.Signaled ? $"ended by {Signals.NameOf(status.Code)}"
                : status.Code != 0 ? $"exit status {status.Code}"
                : null;
        }
    }

    (int Pid, Fd Pidfd) Start(SpecHook hook, Fd input, Fd output, Fd? inside)
    {
        IReadOnlyList<string> arguments = hook.Args is { Count: > 0 } given ? given : [hook.Path];
        if (inside is not null)
        {
            LaunchedProcess process = ContainerLaunch.Hook(spec, inside, input, output, hook.Path, arguments, hook.Env ?? []);
            return (process.Pid, process.Pidfd);
        }
        SpawnedProcess spawned = ProcessSpawner.Start(
            new SpawnRequest
            {
                Path = hook.Path,
                Arguments = arguments,
                Environment = hook.Env ?? [],
                Descriptors = [input, output, output],
            }
        );
        return (spawned.Pid, spawned.Pidfd);
    }

    static bool Ends(Fd pidfd, int seconds)
    {
        using var epoll = new Epoll();
        epoll.Add(pidfd, EpollEvents.In, 0);
        Span<EpollReady> ready = stackalloc EpollReady[1];
        return epoll.Wait(ready, checked(seconds * 1000)) > 0;
    }

    static string Said(string file)
    {
        using Fd output = FdIo.OpenRead(file);
        byte[] bytes = new byte[LongestOutput];
        int count = Math.Max(0, FdIo.TryRead(output, bytes, out _));
        return System.Text.Encoding.UTF8.GetString(bytes, 0, count).TrimEnd('\n');
    }
}
