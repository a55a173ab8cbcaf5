// A further process in a running container, as asked and as it is. Execs are not durable: they die with their container.
namespace Skiff.Engine.Containers;

public sealed record ExecRequest
{
    public required IReadOnlyList<string> Cmd { get; init; }
    public IReadOnlyList<string> Env { get; init; } = [];
    public string User { get; init; } = "";
    public string WorkingDir { get; init; } = "";
    public bool Tty { get; init; }
    public bool Privileged { get; init; }
    public bool AttachStdin { get; init; }
    public bool AttachStdout { get; init; }
    public bool AttachStderr { get; init; }
    public string? DetachKeys { get; init; }
    public ushort ConsoleRows { get; init; }
    public ushort ConsoleColumns { get; init; }
}

public sealed record Exec
{
    public required string Id { get; init; }
    public required string ContainerId { get; init; }
    public required ExecRequest Request { get; init; }
    public bool Running { get; init; }
    public int Pid { get; init; }
    public int? ExitCode { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
}
