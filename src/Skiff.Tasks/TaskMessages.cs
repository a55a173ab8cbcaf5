// What engine and shim say to each other: one JSON message each way, length first.
//
//   +--------+--------+--------+--------+-----------------+
//   |  length of the JSON, big-endian   |  JSON ...       |      then the next message on the same connection
//   +--------+--------+--------+--------+-----------------+
//
// Every connection to shim.sock carries requests and their answers, one after the other. After the answer to Attach
// the connection is no longer messages but the process's stdio: engine -> shim is stdin, raw, and the engine's
// shutdown(SHUT_WR) is end-of-file on stdin; shim -> engine is raw output for a terminal, else frames:
//
//   +------+---+---+---+--------+--------+--------+--------+----------+
//   | 1 | 2| 0 | 0 | 0 |  length of the bytes, big-endian  | bytes... |    1 stdout, 2 stderr
//   +------+---+---+---+--------+--------+--------+--------+----------+
//
// The shim closes the connection when the process has exited and all its output was sent.
using System.Text.Json.Serialization;

namespace Skiff.Tasks;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "do")]
[JsonDerivedType(typeof(StartRequest), "start")]
[JsonDerivedType(typeof(ExecRequest), "exec")]
[JsonDerivedType(typeof(AttachRequest), "attach")]
[JsonDerivedType(typeof(WaitRequest), "wait")]
[JsonDerivedType(typeof(KillRequest), "kill")]
[JsonDerivedType(typeof(ResizeRequest), "resize")]
[JsonDerivedType(typeof(PauseRequest), "pause")]
[JsonDerivedType(typeof(UpdateRequest), "update")]
[JsonDerivedType(typeof(StateRequest), "state")]
[JsonDerivedType(typeof(ShutdownRequest), "shutdown")]
public abstract record TaskRequest;

/// <summary>Launch the container of the bundle the shim was started with. Answered once execve succeeded or failed.</summary>
public sealed record StartRequest : TaskRequest;

/// <summary>
/// Make a further process in the container; it starts at once. ProcessJson is a runtime-spec process object.
/// Attach connections for ExecId may be opened before. Answered once execve succeeded or failed.
/// </summary>
public sealed record ExecRequest(string ExecId, string ProcessJson, bool OpenStdin) : TaskRequest;

/// <summary>Make this connection the stdio (see above) of the init process (ExecId null) or of an exec. Allowed before its start.</summary>
/// <param name="Stdin">what the client sends goes to the process; its half-close is passed on if the process has StdinOnce</param>
public sealed record AttachRequest(string? ExecId, bool Stdin, bool Stdout, bool Stderr) : TaskRequest;

/// <summary>Answered with an ExitAnswer when the process has ended; at once if it has.</summary>
public sealed record WaitRequest(string? ExecId) : TaskRequest;

/// <summary>Signal a process; All reaches every process of the container's cgroup.</summary>
public sealed record KillRequest(string? ExecId, int Signal, bool All) : TaskRequest;

public sealed record ResizeRequest(string? ExecId, ushort Rows, ushort Columns) : TaskRequest;

/// <summary>Freeze (or thaw) the container's cgroup.</summary>
public sealed record PauseRequest(bool Resume) : TaskRequest;

/// <summary>Other limits for the container's cgroup. ResourcesJson is a runtime-spec resources object; what it lacks stays.</summary>
public sealed record UpdateRequest(string ResourcesJson) : TaskRequest;

public sealed record StateRequest : TaskRequest;

/// <summary>The exit was recorded by the engine: give back what is left (cgroup, socket) and end.</summary>
public sealed record ShutdownRequest : TaskRequest;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(DoneAnswer), "done")]
[JsonDerivedType(typeof(StartedAnswer), "started")]
[JsonDerivedType(typeof(ExitAnswer), "exit")]
[JsonDerivedType(typeof(StateAnswer), "state")]
[JsonDerivedType(typeof(FailedAnswer), "failed")]
public abstract record TaskAnswer;

public sealed record DoneAnswer : TaskAnswer;

/// <param name="Pid">as seen from the host</param>
/// <param name="StartTicks">field 22 of /proc/pid/stat: tells this process from a later one of the same number</param>
public sealed record StartedAnswer(int Pid, ulong StartTicks) : TaskAnswer;

/// <param name="Code">0-255, or 128 + the signal that ended it</param>
public sealed record ExitAnswer(int Code, bool OomKilled, DateTimeOffset ExitedAt) : TaskAnswer;

public sealed record StateAnswer(TaskStatus Status, int Pid, ulong StartTicks, ExitAnswer? Exit) : TaskAnswer;

public enum TaskStatus
{
    Created,
    Running,
    Paused,
    Stopped,
}

/// <summary>The request failed and changed nothing.</summary>
/// <param name="Message">for the user, in runc's phrasing where clients match on it: exec: "foo": executable file not found in $PATH</param>
public sealed record FailedAnswer(FailureKind Kind, string Message) : TaskAnswer;

public enum FailureKind
{
    Other,

    /// <summary>No such executable: exit code 127.</summary>
    CommandNotFound,

    /// <summary>The executable cannot be run: exit code 126.</summary>
    CommandNotExecutable,

    /// <summary>No such process or exec.</summary>
    NotFound,

    /// <summary>Not in this state (already started, not running, ...).</summary>
    WrongState,
}

/// <summary>What the shim needs beside config.json; written by the engine as task.json into the bundle directory.</summary>
public sealed record TaskOptions
{
    public required string Id { get; init; }

    /// <summary>The OCI runtime that launches the container (runc, crun ...); null: the shim does it itself.</summary>
    public string? RuntimePath { get; init; }

    /// <summary>Keep stdin open for the first client that attaches with stdin.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Close stdin when the client that attached with it goes.</summary>
    public bool StdinOnce { get; init; }

    /// <summary>null keeps no log.</summary>
    public string? LogPath { get; init; }

    /// <summary>Docker's formats: "json-file" ({"log":"...\n","stream":"stdout","time":"..."} a line) or "local" (protobuf).</summary>
    public string LogFormat { get; init; } = "json-file";

    /// <summary>A JSON object that stands in every entry of json-file as "attrs".</summary>
    public string? LogAttributes { get; init; }
    public long LogMaxSizeBytes { get; init; } = 20L << 20;
    public int LogMaxFiles { get; init; } = 5;
}

/// <summary>exit.json in the bundle directory: written by the shim before it answers any Wait, read by a restarted engine.</summary>
public sealed record ExitRecord(int Code, bool OomKilled, DateTimeOffset ExitedAt);
