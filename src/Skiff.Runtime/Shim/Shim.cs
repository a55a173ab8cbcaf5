// The shim: one container, one thread, one loop. Answers the requests of TaskMessages until it is told to end.
using System.Text;
using System.Text.Json;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Processes;
using Skiff.Linux.Sockets;
using Skiff.Linux.Terminals;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;
using TaskStatus = Skiff.Tasks.TaskStatus;

namespace Skiff.Runtime.Shim;

/// <summary>Holds the container's stdio, log and exit status, whatever becomes of the engine.</summary>
internal sealed class Shim : IDisposable
{
    // A shim whose engine died before the start is of no use to anybody.
    static readonly TimeSpan UnusedFor = TimeSpan.FromSeconds(10);

    // Requests leave garbage and touched code behind: given back once nothing has happened for this long. Containers
    // that live shorter never pay for it.
    static readonly TimeSpan GrownFor = TimeSpan.FromSeconds(1);

    readonly string bundle;
    readonly TaskOptions options;
    readonly Fd? networkNamespace;
    readonly EventLoop loop = new(ShimLog.Write);
    readonly IoBuffer buffer = new();
    readonly Listener listener;
    readonly HeldProcess init;
    readonly Execs execs;
    IShimContainer? launch;
    bool frozen;
    bool grown;
    bool shutDown;

    /// <param name="bundle">absolute path</param>
    /// <param name="listening">the socket, non-blocking; owned by the shim</param>
    /// <param name="networkNamespace">kept open until the container has started; owned by the shim</param>
    public Shim(string bundle, TaskOptions options, Fd listening, Fd? networkNamespace)
    {
        this.bundle = bundle;
        this.options = options;
        this.networkNamespace = networkNamespace;
        init = new HeldProcess(loop, buffer) { Record = InitEnded };
        execs = new Execs(loop, buffer);
        listener = new Listener(listening, this);
        loop.Set(listener, EpollEvents.In);
    }

    /// <summary>Serves until Shutdown, or until it is clear that nobody will ever start the container.</summary>
    public void Run()
    {
        while (!shutDown)
        {
            // Apart from the listener there is nothing: no connection, no process.
            bool unused = init.IsPending && loop.Count == 1;
            TimeSpan? patience =
                unused ? UnusedFor
                : grown || (init.IsHeldUp && init.Log is not null) ? GrownFor
                : null;
            if (loop.RunOnce(patience))
                continue;
            if (unused)
                return;
            if (init.IsHeldUp)
                init.GoOn();
            grown = false;
            buffer.Release();
            IdleMemory.Shrink(alone: true);
        }
    }

    public void Dispose()
    {
        File.Delete(Path.Combine(bundle, TaskClient.SocketName));
        launch?.Dispose();
        networkNamespace?.Dispose();
        loop.Dispose();
    }

    public void Handle(Connection connection, TaskRequest request)
    {
        grown = true;
        TaskAnswer? answer;
        try
        {
            answer = request switch
            {
                StartRequest => Start(),
                ExecRequest exec => Exec(exec),
                AttachRequest attach => Attach(connection, attach),
                WaitRequest wait => Wait(connection, wait),
                KillRequest kill => Kill(kill),
                ResizeRequest resize => Resize(resize),
                PauseRequest pause => Pause(pause),
                UpdateRequest update => Update(update),
                StateRequest => State(),
                ShutdownRequest => Shutdown(),
                _ => throw Failure(FailureKind.Other, $"unknown request {request.GetType().Name}"),
            };
        }
        catch (LaunchException exception)
        {
            answer = new FailedAnswer(exception.Kind, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException or JsonException)
        {
            answer = new FailedAnswer(FailureKind.Other, exception.Message);
        }
        catch (Exception exception)
        {
            ShimLog.Write(exception);
            answer = new FailedAnswer(FailureKind.Other, exception.Message);
        }
        if (answer is not null)
            connection.Answer(answer);
    }

    /// <summary>A connection is gone: it waits for nothing any more.</summary>
    public void Closed(Connection connection)
    {
        init.Forget(connection);
        foreach (HeldProcess exec in execs.All)
            exec.Forget(connection);
    }

    StartedAnswer Start()
    {
        if (!init.IsPending)
            throw Failure(FailureKind.WrongState, "the container was started already");
        launch?.Dispose();
        launch = options.RuntimePath is { } runtime
            ? ForeignContainer.Open(bundle, options.Id, runtime, networkNamespace)
            : ContainerLaunch.Open(bundle, options.Id);
        SpecProcess process = launch.Spec.Process!;
        if (options.LogPath is not null)
            init.Log ??= new ContainerLog(
                options.LogPath,
                options.LogMaxSizeBytes,
                options.LogMaxFiles,
                options.LogFormat == "local" ? new LocalLogEncoder() : new JsonLogEncoder(options.LogAttributes)
            );
        ProcessStreams streams = OpenStreams(process, null, init, options.OpenStdin);
        init.Launch(streams, options.StdinOnce, stdio => launch.Start(stdio));
        networkNamespace?.Dispose(); // or the namespace would live as long as this shim
        return Started(init);
    }

    StartedAnswer Exec(ExecRequest request)
    {
        CheckRunning();
        if (frozen)
            throw Failure(FailureKind.WrongState, "the container is paused");
        HeldProcess exec = execs.FindOrAdd(request.ExecId);
        if (!exec.IsPending)
            throw Failure(FailureKind.WrongState, $"exec {request.ExecId} was started already");
        try
        {
            SpecProcess process = SpecReader.ReadProcess(Encoding.UTF8.GetBytes(request.ProcessJson));
            ProcessStreams streams = OpenStreams(process, request.ProcessJson, exec, request.OpenStdin);
            exec.Launch(streams, closeInput: true, stdio => launch!.Exec(process, request.ProcessJson, stdio));
        }
        catch (Exception exception)
        {
            execs.Remove(request.ExecId);
            FailureKind kind = exception is LaunchException known ? known.Kind : FailureKind.Other;
            exec.Abandon(new FailedAnswer(kind, exception.Message));
            throw;
        }
        return Started(exec);
    }

    ProcessStreams OpenStreams(SpecProcess process, string? execJson, HeldProcess holder, bool input)
    {
        if (!process.Terminal)
            return ProcessStreams.OfPipes(input);
        WindowSize size = holder.WindowSize ?? new WindowSize(process.ConsoleSize?.Height ?? 0, process.ConsoleSize?.Width ?? 0);
        return ProcessStreams.OfTerminal(launch!.OpenTerminal(execJson, size), input);
    }

    TaskAnswer? Attach(Connection connection, AttachRequest request)
    {
        HeldProcess process = request.ExecId is null ? init : execs.FindOrAdd(request.ExecId);
        if (connection.BecomeStdio() is { } socket)
            process.Attach(socket, request);
        return null;
    }

    TaskAnswer? Wait(Connection connection, WaitRequest request)
    {
        Find(request.ExecId).Wait(connection);
        return null;
    }

    DoneAnswer Kill(KillRequest request)
    {
        if (request.Signal is < 0 or > 64)
            throw Failure(FailureKind.Other, $"invalid signal {request.Signal}");
        HeldProcess process = Find(request.ExecId);
        if (request.All)
        {
            if (init.IsPending)
                throw Failure(FailureKind.WrongState, "the container is not running");
            launch!.Kill(request.Signal);
        }
        else if (!process.IsRunning || !Pidfd.SendSignal(process.Process!.Pidfd, request.Signal))
        {
            throw Failure(FailureKind.WrongState, "the process is not running");
        }
        return new DoneAnswer();
    }

    DoneAnswer Resize(ResizeRequest request)
    {
        HeldProcess process = Find(request.ExecId);
        if (process.Exit is not null)
            throw Failure(FailureKind.WrongState, "the process is not running");
        process.Resize(new WindowSize(request.Rows, request.Columns));
        return new DoneAnswer();
    }

    DoneAnswer Pause(PauseRequest request)
    {
        CheckRunning();
        if (frozen != request.Resume)
            throw Failure(FailureKind.WrongState, $"the container is {(frozen ? "already" : "not")} paused");
        if (request.Resume)
            launch!.Thaw();
        else
            launch!.Freeze();
        frozen = !request.Resume;
        return new DoneAnswer();
    }

    DoneAnswer Update(UpdateRequest request)
    {
        CheckRunning();
        byte[] json = Encoding.UTF8.GetBytes(request.ResourcesJson);
        launch!.Update(SpecReader.ReadResources(json), request.ResourcesJson);
        return new DoneAnswer();
    }

    StateAnswer State()
    {
        TaskStatus status =
            init.IsPending ? TaskStatus.Created
            : init.Exit is not null ? TaskStatus.Stopped
            : frozen ? TaskStatus.Paused
            : TaskStatus.Running;
        return new StateAnswer(status, init.Process?.Pid ?? 0, init.Process?.StartTicks ?? 0, init.Exit);
    }

    DoneAnswer Shutdown()
    {
        if (init.IsRunning)
            throw Failure(FailureKind.WrongState, "the container is running");
        launch?.Remove();
        // Execs died with the container; who waits for one still gets its answer.
        foreach (HeldProcess exec in execs.All.ToArray())
            exec.ReapIfEnded();
        shutDown = true;
        return new DoneAnswer();
    }

    /// <summary>On disk before anybody hears of it: an engine that restarts now reads the same.</summary>
    ExitAnswer InitEnded(ExitStatus status)
    {
        var exit = new ExitAnswer(status.ShellCode, launch!.OomKilled, DateTimeOffset.UtcNow);
        frozen = false;
        if (init.Log is { LostBytes: > 0 } log)
            ShimLog.Write($"the log lacks {log.LostBytes} bytes; last error: {log.LastError}");
        byte[] json = TaskWriter.Encode(new ExitRecord(exit.Code, exit.OomKilled, exit.ExitedAt));
        try
        {
            AtomicFile.Write(Path.Combine(bundle, "exit.json"), json, durable: false);
        }
        catch (IOException exception)
        {
            ShimLog.Write(exception);
        }
        return exit;
    }

    HeldProcess Find(string? execId) =>
        execId is null ? init : execs.Find(execId) ?? throw Failure(FailureKind.NotFound, $"no such exec: {execId}");

    void CheckRunning()
    {
        if (!init.IsRunning)
            throw Failure(FailureKind.WrongState, "the container is not running");
    }

    static StartedAnswer Started(HeldProcess process) => new(process.Process!.Pid, process.Process.StartTicks);

    static LaunchException Failure(FailureKind kind, string message) => new(kind, message);

    sealed class Listener(Fd socket, Shim shim) : Watch(socket)
    {
        public override void OnReady(EpollEvents events)
        {
            while (UnixSocket.TryAccept(Fd) is { } accepted)
                new Connection(accepted, shim, shim.loop).Open();
        }
    }
}
