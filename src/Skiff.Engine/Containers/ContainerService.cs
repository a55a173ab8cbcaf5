// The verbs on containers: each reads as a recipe.
namespace Skiff.Engine.Containers;

/// <summary>
/// Create, start, stop, remove, attach to and watch containers. Every nameOrId takes a name, an id or an unambiguous
/// prefix; an unknown one throws NotFound "No such container: x".
/// </summary>
public sealed class ContainerService
{
    public IReadOnlyList<Container> List() => throw new NotSupportedException("filled in by this slice");

    /// <exception cref="EngineException">NotFound, or InvalidParameter for an ambiguous prefix</exception>
    public Container Get(string nameOrId) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Creates; nothing runs yet. A missing image is NotFound "No such image: x". Returns warnings for the user.</summary>
    public Task<(Container Container, IReadOnlyList<string> Warnings)> CreateAsync(
        ContainerCreate request,
        CancellationToken cancellation
    ) => throw new NotSupportedException("filled in by this slice");

    /// <exception cref="EngineException">NotModified if it runs already</exception>
    public Task StartAsync(string nameOrId, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Signals, waits up to the timeout (null: the container's, then 10 s; negative: for ever), kills.</summary>
    /// <exception cref="EngineException">NotModified if it does not run</exception>
    public Task StopAsync(string nameOrId, string? signal, int? timeoutSeconds, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    public Task RestartAsync(string nameOrId, string? signal, int? timeoutSeconds, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <param name="signal">"KILL", "SIGKILL" or "9"; null is KILL</param>
    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    public Task PauseAsync(string nameOrId, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    public Task UnpauseAsync(string nameOrId, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    public Task RenameAsync(string nameOrId, string newName, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <exception cref="EngineException">Conflict if it runs and not forced</exception>
    public Task RemoveAsync(string nameOrId, bool force, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>
    /// Registers the wait at once (so that the caller may flush headers after this returns) and yields the task of
    /// the exit. Conditions: not-running, next-exit, removed.
    /// </summary>
    public Task<ContainerExit> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    public Task ResizeAsync(string nameOrId, ushort rows, ushort columns, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>
    /// Checks that the container can be attached to and says whether it has a terminal. The session's RunAsync then
    /// joins a client's stream with the process; on a created container it waits for the start and loses no byte.
    /// </summary>
    public AttachSession Attach(string nameOrId, AttachRequest request) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Lines of the log, oldest first, following new ones if asked until the container stops.</summary>
    public IAsyncEnumerable<LogLine> LogsAsync(string nameOrId, LogRequest request, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>"ps" of the container's processes: titles and rows. Arguments as for ps(1), default "-ef".</summary>
    public (IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows) Top(string nameOrId, string? psArguments) =>
        throw new NotSupportedException("filled in by this slice");

    public Exec CreateExec(string nameOrId, ExecRequest request) =>
        throw new NotSupportedException("filled in by this slice");

    public Exec GetExec(string execId) => throw new NotSupportedException("filled in by this slice");

    /// <summary>Starts an exec without a client.</summary>
    public Task StartExecAsync(string execId, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");

    /// <summary>Like Attach: the session's RunAsync starts the exec and joins the client with it.</summary>
    public AttachSession AttachExec(string execId) => throw new NotSupportedException("filled in by this slice");

    public Task ResizeExecAsync(string execId, ushort rows, ushort columns, CancellationToken cancellation) =>
        throw new NotSupportedException("filled in by this slice");
}

public sealed record ContainerCreate
{
    /// <summary>null: one is made up.</summary>
    public string? Name { get; init; }
    public required string Image { get; init; }
    public Oci.Names.Platform? Platform { get; init; }

    /// <summary>What the user set; null and empty members take the image's.</summary>
    public required ContainerConfig Config { get; init; }
    public required HostSettings Host { get; init; }

    /// <summary>Networks beyond NetworkMode, and settings (aliases, fixed address) of it.</summary>
    public IReadOnlyList<Networks.EndpointRequest> Networks { get; init; } = [];
}

public enum WaitCondition
{
    NotRunning,
    NextExit,
    Removed,
}

/// <param name="Error">why it could not start or be removed, or null</param>
public sealed record ContainerExit(int ExitCode, string? Error);

/// <param name="Logs">first replay the log</param>
/// <param name="Stream">then follow the live process</param>
/// <param name="DetachKeys">"ctrl-p,ctrl-q" if null; only meaningful with a terminal</param>
public sealed record AttachRequest(
    bool Stdin,
    bool Stdout,
    bool Stderr,
    bool Logs,
    bool Stream,
    string? DetachKeys
);

public sealed record LogRequest
{
    public bool Stdout { get; init; } = true;
    public bool Stderr { get; init; } = true;
    public bool Follow { get; init; }
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }

    /// <summary>null: all.</summary>
    public long? Tail { get; init; }
}

/// <param name="Stream">1 stdout, 2 stderr</param>
/// <param name="Text">bytes as the process wrote them, newline included unless the process left it out</param>
public readonly record struct LogLine(byte Stream, DateTimeOffset Time, ReadOnlyMemory<byte> Text);
