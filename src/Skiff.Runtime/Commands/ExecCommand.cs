// skiff-runtime exec: a further process in a container.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>
/// exec [flags] ID COMMAND [ARG...], or exec --process FILE ID. Exit code: the process's, 128 + signal; 127 or 126 if
/// the program is missing or cannot be run; 255 for other failures.
/// </summary>
internal static class ExecCommand
{
    static readonly string[] WithValue =
    [
        "console-socket",
        "pidfd-socket",
        "cwd",
        "env|e",
        "user|u",
        "additional-gids|g",
        "process|p",
        "pid-file",
        "process-label",
        "apparmor",
        "cap|c",
        "preserve-fds",
        "cgroup",
    ];

    static readonly string[] Unsupported = ["cgroup"];

    public static int Run(ReadOnlySpan<string> given, StateStore store)
    {
        Program.Seal();
        var arguments = Arguments.Parse(
            "exec",
            given,
            WithValue,
            ["tty|t", "detach|d", "no-new-privs", "ignore-paused"],
            endAtOperand: true
        );
        foreach (string flag in Unsupported)
        {
            if (arguments.Value(flag) is { Length: > 0 })
                throw new UsageException($"not supported by this runtime: --{flag}");
        }
        if (arguments.Operands.Count == 0)
            throw new UsageException("exec: container id cannot be empty");
        try
        {
            return Run(arguments, store);
        }
        catch (LaunchException e) when (e.Kind is FailureKind.Other or FailureKind.WrongState or FailureKind.NotFound)
        {
            Complaints.Fail($"exec failed: {e.Message}");
            return 255;
        }
    }

    static int Run(Arguments arguments, StateStore store)
    {
        using LiveState state = LiveState.Load(store, arguments.Operands[0]);
        if (state.Status is ContainerStatus.Stopped or ContainerStatus.Creating)
            throw Failure($"cannot exec in a {state.Status.Word()} container");
        if (state.Status == ContainerStatus.Paused && !arguments.Has("ignore-paused"))
            throw Failure("cannot exec in a paused container (use --ignore-paused to override)");
        SpecProcess process = ExecProcess.Of(arguments, state.Container.Spec.Process!);
        bool detached = arguments.Has("detach");
        string? socket = arguments.Value("console-socket") is { Length: > 0 } path ? Path.GetFullPath(path) : null;
        if (process.Terminal && detached && socket is null)
            throw Failure("cannot allocate tty if the process is detached without setting console socket");
        if (!process.Terminal && socket is not null)
            throw Failure("cannot use console socket if the process has no terminal");

        state.Container.PreservedDescriptors = Descriptors.Preserved(arguments.Number("preserve-fds", 0));
        using Fd? pidfds = arguments.Value("pidfd-socket") is { Length: > 0 } name
            ? Descriptors.ConnectTo(Path.GetFullPath(name))
            : null;
        using Fd? console = socket is null ? null : Descriptors.ConnectTo(socket);
        WindowSize size = Descriptors.SizeOf(process, served: console is null);
        using Pty? terminal = process.Terminal ? state.Container.OpenTerminal(size.Rows, size.Columns) : null;
        int slave = terminal?.Slave.Number ?? -1;
        LaunchedProcess launched = state.Container.Exec(
            process,
            terminal is null ? new ProcessStdio(0, 1, 2, Terminal: false) : new ProcessStdio(slave, slave, slave, Terminal: true)
        );
        using Fd pidfd = launched.Pidfd;
        if (console is not null)
            UnixSocket.Send(console, Encoding.ASCII.GetBytes($"/dev/pts/{terminal!.Index}"), [terminal.Master.Number]);
        if (pidfds is not null)
            UnixSocket.Send(pidfds, "pidfd"u8, [pidfd.Number]);
        if (arguments.Value("pid-file") is { Length: > 0 } file)
            Descriptors.WritePid(file, launched.Pid);
        return detached ? 0 : Foreground.Wait(launched, console is null ? terminal : null);
    }

    static LaunchException Failure(string message) => new(FailureKind.WrongState, message);
}
