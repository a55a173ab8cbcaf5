// A process that the shim holds: its stdio, its clients, its end. The container's first process, or an exec.
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Shim;

/// <summary>
/// States:
///
///   Pending --Launch--> Running --exit--> Ended        clients may attach and wait in every state
///
/// A failed Launch leaves it Pending.
/// </summary>
internal sealed class HeldProcess(EventLoop loop, IoBuffer buffer)
{
    readonly List<AttachClient> clients = [];
    readonly List<Connection> waiters = [];
    OutputPump? stdout;
    OutputPump? stderr;
    InputFeed? stdin;
    Pty? terminal;
    ExitWatch? exitWatch;
    bool closeInputWithClient;
    bool paused;

    public IoBuffer Buffer { get; } = buffer;

    public bool IsPending => Process is null;
    public bool IsRunning => Process is not null && Exit is null;

    public LaunchedProcess? Process { get; private set; }

    /// <summary>How it ended; null before.</summary>
    public ExitAnswer? Exit { get; private set; }

    /// <summary>Asked for before there was a terminal; null if nobody asked.</summary>
    public WindowSize? WindowSize { get; private set; }

    public ContainerLog? Log { get; set; }

    /// <summary>Turns the end into the answer for those who wait, and records it. Called once, all output is in the log by then.</summary>
    public required Func<ExitStatus, ExitAnswer> Record { get; init; }

    /// <summary>Nobody is attached any more.</summary>
    public bool IsUnattended => clients.Count == 0 && waiters.Count == 0;

    /// <summary>Called when a client is gone.</summary>
    public Action? Unattended { get; init; }

    /// <summary>Input would be taken now, or thrown away.</summary>
    public bool TakesInput => Exit is not null || (Process is not null && stdin is not { IsFull: true });

    /// <summary>Launches it; the streams are taken over (and closed on failure).</summary>
    /// <param name="closeInput">the end of a client's input is the end of the process's</param>
    /// <exception cref="LaunchException"/>
    public void Launch(ProcessStreams streams, bool closeInput, Func<ProcessStdio, LaunchedProcess> launch)
    {
        using (streams)
        {
            Process = launch(streams.Stdio);
            terminal = streams.Terminal;
            closeInputWithClient = closeInput && terminal is null;
            stdout = new OutputPump(streams.Output!, TaskFraming.Stdout, this, loop);
            if (streams.Errors is not null)
                stderr = new OutputPump(streams.Errors, TaskFraming.Stderr, this, loop);
            if (streams.Input is not null)
                stdin = new InputFeed(streams.Input, this, loop);
            streams.Output = streams.Errors = streams.Input = null;
            streams.Terminal = null;
        }
        exitWatch = new ExitWatch(Process.Pidfd, this);
        loop.Set(exitWatch, EpollEvents.In);
        stdout.Pause(false);
        stderr?.Pause(false);
        InputChanged();
    }

    public void Attach(Fd socket, AttachRequest request)
    {
        var client = new AttachClient(socket, this, loop, request.Stdin, request.Stdout, request.Stderr);
        clients.Add(client);
        client.UpdateInterest();
        if (Exit is not null)
            client.End();
    }

    /// <summary>Answers when it has ended.</summary>
    public void Wait(Connection connection)
    {
        if (Exit is not null)
            connection.Answer(Exit);
        else
            waiters.Add(connection);
    }

    public void Forget(Connection connection) => waiters.Remove(connection);

    /// <summary>Tells all who wait and all clients that there will be no process.</summary>
    public void Abandon(TaskAnswer answer)
    {
        AnswerWaiters(answer);
        EndClients();
    }

    public void Resize(WindowSize size)
    {
        WindowSize = size;
        if (terminal is not null)
            Termios.SetWindowSize(terminal.Master.Number, size);
    }

    /// <summary>Bytes of output were read into the buffer: to the log and to every client.</summary>
    public void Output(byte stream, int count)
    {
        ReadOnlySpan<byte> payload = Buffer.Payload[..count];
        Log?.Append(stream, payload);
        ReadOnlySpan<byte> sent = terminal is null ? Buffer.Frame(stream, count) : payload;
        bool behind = false;
        for (int i = clients.Count - 1; i >= 0; i--)
        {
            AttachClient client = clients[i];
            if (!(stream == TaskFraming.Stderr ? client.Stderr : client.Stdout))
                continue;
            client.Send(sent);
            behind |= client.IsBehind;
        }
        Log?.Flush();
        if (behind)
            ClientChanged();
    }

    /// <summary>Output is not read, because a client does not take what it has got.</summary>
    public bool IsHeldUp => paused;

    /// <summary>The clients that hold it up have stopped reading: the log goes on without them, if there is one.</summary>
    public void GoOn()
    {
        if (Log is null)
            return;
        foreach (AttachClient client in clients)
            if (client.IsBehind)
                client.AllowFile(Log.Directory);
        ClientChanged();
    }

    /// <summary>A client fell behind or caught up: output is read only while none is behind.</summary>
    public void ClientChanged()
    {
        bool pause = false;
        foreach (AttachClient client in clients)
            pause |= client.IsBehind;
        if (pause == paused)
            return;
        paused = pause;
        stdout?.Pause(pause);
        stderr?.Pause(pause);
    }

    public void ClientClosed(AttachClient client)
    {
        clients.Remove(client);
        ClientChanged();
        Unattended?.Invoke();
    }

    /// <summary>A client sent input. Only called while <see cref="TakesInput"/>.</summary>
    public void Input(ReadOnlySpan<byte> bytes)
    {
        if (Exit is not null || stdin is null)
            return;
        stdin.Write(bytes);
        if (stdin.IsFull)
            InputChanged();
    }

    /// <summary>The process began to take input, or ceased to.</summary>
    public void InputChanged()
    {
        foreach (AttachClient client in clients)
            client.UpdateInterest();
    }

    /// <summary>A client's input ended.</summary>
    public void InputEnded()
    {
        if (closeInputWithClient && Exit is null)
            stdin?.CloseWhenEmpty();
    }

    /// <summary>Reaps the process if it has ended, passes on its last output, tells everybody.</summary>
    public void ReapIfEnded()
    {
        if (!IsRunning || Pidfd.TryReap(Process!.Pidfd) is not { } status)
            return;
        // Whoever still holds the other ends of the pipes, or the terminal, is not waited for: for the container's
        // first process nobody is left, and an exec's stdio ends with the exec.
        stdout?.DrainAndClose();
        stderr?.DrainAndClose();
        loop.Remove(exitWatch!);
        stdin?.Close();
        terminal?.Dispose();
        terminal = null;
        Log?.End();
        Log?.Flush();
        Exit = Record(status);
        AnswerWaiters(Exit);
        EndClients();
    }

    void AnswerWaiters(TaskAnswer answer)
    {
        Connection[] waiting = [.. waiters];
        waiters.Clear();
        foreach (Connection connection in waiting)
            connection.Answer(answer);
    }

    void EndClients()
    {
        for (int i = clients.Count - 1; i >= 0; i--)
            clients[i].End();
    }

    sealed class ExitWatch(Fd pidfd, HeldProcess process) : Watch(pidfd)
    {
        public override void OnReady(EpollEvents events) => process.ReapIfEnded();
    }
}
