// Engine API, section Exec.
using System.Text.Json.Serialization;

namespace Skiff.Docker;

/// <summary>Body of POST /containers/{id}/exec.</summary>
public sealed record ExecCreateBody
{
    public string User
    {
        get;
        init => field = value ?? "";
    } = "";
    public bool Privileged { get; init; }
    public bool Tty { get; init; }

    /// <summary>Rows, columns.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? ConsoleSize { get; init; }
    public bool AttachStdin { get; init; }
    public bool AttachStderr { get; init; }
    public bool AttachStdout { get; init; }
    public string? DetachKeys { get; init; } = "";
    public IReadOnlyList<string>? Env { get; init; }
    public string WorkingDir
    {
        get;
        init => field = value ?? "";
    } = "";

    [JsonConverter(typeof(StringOrListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }
}

public sealed record IdAnswer(string Id);

/// <summary>Body of POST /exec/{id}/start.</summary>
public sealed record ExecStartBody
{
    public bool Detach { get; init; }
    public bool Tty { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? ConsoleSize { get; init; }
}

/// <summary>GET /exec/{id}/json.</summary>
public sealed record ExecInspect
{
    public string ID { get; init; } = "";
    public bool Running { get; init; }

    /// <summary>null while it runs.</summary>
    public int? ExitCode { get; init; }
    public ExecProcess? ProcessConfig { get; init; }
    public bool OpenStdin { get; init; }
    public bool OpenStderr { get; init; }
    public bool OpenStdout { get; init; }
    public bool CanRemove { get; init; }
    public string ContainerID { get; init; } = "";
    public string DetachKeys { get; init; } = "";
    public int Pid { get; init; }
}

public sealed record ExecProcess
{
    [JsonPropertyName("tty")]
    public bool Tty { get; init; }

    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get; init; } = "";

    [JsonPropertyName("arguments")]
    public IReadOnlyList<string>? Arguments { get; init; }

    [JsonPropertyName("privileged")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Privileged { get; init; }

    [JsonPropertyName("user")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? User { get; init; }
}
