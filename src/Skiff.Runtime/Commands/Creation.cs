// What create and run have in common: from a bundle to a container whose first process is there.
using System.Globalization;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Bundles;
using Skiff.Runtime.Launch;
using Skiff.Runtime.State;
using Skiff.Tasks;

namespace Skiff.Runtime.Commands;

/// <summary>The flags that create and run share.</summary>
internal sealed record CreateOptions(string Id, string Bundle)
{
    public static readonly string[] WithValue = ["bundle|b", "console-socket", "pidfd-socket", "pid-file", "preserve-fds"];
    public static readonly string[] Switches = ["no-pivot", "no-new-keyring"];

    /// <summary>Gets the terminal's master.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary>Gets a pidfd of the first process.</summary>
    public string? PidfdSocket { get; init; }
    public string? PidFile { get; init; }
    public int PreservedDescriptors { get; init; }
    public bool NewKeyring { get; init; } = true;

    public static CreateOptions Of(Arguments arguments)
    {
        if (arguments.Has("no-pivot"))
            throw new UsageException("not supported by this runtime: --no-pivot");
        return new CreateOptions(arguments.OnlyId(), Path.GetFullPath(arguments.Value("bundle") ?? "."))
        {
            ConsoleSocket = arguments.Value("console-socket") is { Length: > 0 } socket ? Path.GetFullPath(socket) : null,
            PidfdSocket = arguments.Value("pidfd-socket") is { Length: > 0 } pidfds ? Path.GetFullPath(pidfds) : null,
            PidFile = arguments.Value("pid-file") is { Length: > 0 } file ? Path.GetFullPath(file) : null,
            PreservedDescriptors = Descriptors.Preserved(arguments.Number("preserve-fds", 0)),
            NewKeyring = !arguments.Has("no-new-keyring"),
        };
    }
}

/// <summary>A container that this command has created. The terminal, if it has one, is ours until it was sent away.</summary>
internal sealed class Creation : IDisposable
{
    readonly StateStore store;
    readonly ContainerLaunch container;
    Pty? terminal;

    Creation(StateStore store, ContainerLaunch container, ContainerRecord record)
    {
        this.store = store;
        this.container = container;
        Record = record;
        Hooks = new Hooks(store, container.Spec);
    }

    public ContainerRecord Record { get; private set; }
    public Hooks Hooks { get; }

    /// <summary>The process waits for its start.</summary>
    public bool IsGated { get; private set; }

    /// <summary>Null unless process.terminal is set and there is no console socket.</summary>
    public Pty? Terminal => terminal;
    public LaunchedProcess Process { get; private set; } = null!;

    /// <summary>Creates; on failure nothing is left behind.</summary>
    /// <param name="gated">the process waits for start</param>
    /// <param name="keepTerminal">the caller serves the terminal itself if there is no console socket</param>
    /// <exception cref="LaunchException"/>
    public static Creation Make(StateStore store, CreateOptions options, bool gated, bool keepTerminal)
    {
        byte[] config = Bundle.ReadConfig(options.Bundle);
        Bundle bundle = Bundle.Parse(options.Bundle, config);
        CheckTerminal(bundle.Spec, options, keepTerminal);
        int self = Environment.ProcessId;
        var record = new ContainerRecord(
            options.Id,
            bundle.Path,
            bundle.Spec.OciVersion,
            self,
            ProcessStat.StartTicks(self) ?? 0,
            IsCreating: true,
            DateTimeOffset.UtcNow,
            store.SystemdCgroup
        );
        store.Claim(record, config);
        ContainerLaunch? container = null;
        Creation? creation = null;
        try
        {
            container = ContainerLaunch.Open(bundle, options.Id, store.SystemdCgroup);
            container.PreservedDescriptors = options.PreservedDescriptors;
            container.NewKeyring = options.NewKeyring;
            creation = new Creation(store, container, record);
            creation.Launch(options, gated || bundle.Spec.Hooks?.StartContainer is { Count: > 0 });
            return creation;
        }
        catch
        {
            creation?.Undo();
            container?.Dispose();
            store.Remove(options.Id);
            throw;
        }
    }

    public void Dispose()
    {
        terminal?.Dispose();
        container.Dispose();
    }

    /// <summary>After its end: gives back everything.</summary>
    public void Delete() => DeleteCommand.Remove(store, Record, container, Hooks);

    void Launch(CreateOptions options, bool gated)
    {
        IsGated = gated;
        SpecProcess process = container.Spec.Process!;
        var stdio = new ProcessStdio(0, 1, 2, Terminal: false);
        using Fd? pidfds = options.PidfdSocket is null ? null : Descriptors.ConnectTo(options.PidfdSocket);
        using Fd? console = options.ConsoleSocket is null ? null : Descriptors.ConnectTo(options.ConsoleSocket);
        if (process.Terminal)
        {
            WindowSize size = Descriptors.SizeOf(process, served: console is null);
            terminal = container.OpenTerminal(size.Rows, size.Columns);
            int slave = terminal.Slave.Number;
            stdio = new ProcessStdio(slave, slave, slave, Terminal: true);
        }
        using Fd? gate = gated ? store.MakeGate(Record.Id) : null;
        bool hooked = LaunchInputs.HasCreateHooks(container.Spec);
        Process = container.Start(stdio, gate, hooked ? child => RunCreateHooks(child.Pid, child.Pidfd) : null);
        Record = Record with { Pid = Process.Pid, StartTicks = Process.StartTicks, IsCreating = false };
        store.Save(Record);
        if (console is not null && terminal is not null)
        {
            UnixSocket.Send(console, Encoding.ASCII.GetBytes($"/dev/pts/{terminal.Index}"), [terminal.Master.Number]);
            terminal.Dispose();
            terminal = null;
        }
        if (pidfds is not null)
            UnixSocket.Send(pidfds, "pidfd"u8, [Process.Pidfd.Number]);
        if (options.PidFile is not null)
            Descriptors.WritePid(options.PidFile, Process.Pid);
    }

    void RunCreateHooks(int pid, Fd init) =>
        Hooks.Create(Record with { Pid = pid, StartTicks = ProcessStat.StartTicks(pid) ?? 0 }, init);

    /// <summary>After a failure: ends what was launched. runtime-spec: runtime.md, Lifecycle, hooks of poststop included.</summary>
    void Undo()
    {
        if (Process is not null)
        {
            Pidfd.SendSignal(Process.Pidfd, Signals.SIGKILL);
            Pidfd.Reap(Process.Pidfd);
            container.Remove();
        }
        terminal?.Dispose();
        Hooks.Poststop(Record with { Pid = 0 });
    }

    static void CheckTerminal(Spec spec, CreateOptions options, bool keepTerminal)
    {
        bool terminal = spec.Process!.Terminal;
        if (terminal && !keepTerminal && options.ConsoleSocket is null)
            throw new LaunchException(
                FailureKind.Other,
                "cannot allocate tty if the container is detached without setting console socket"
            );
        if (!terminal && options.ConsoleSocket is not null)
            throw new LaunchException(FailureKind.Other, "cannot use console socket if the process has no terminal");
    }
}
