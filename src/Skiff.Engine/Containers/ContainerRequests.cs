// What the verbs on containers are asked and what they answer.
namespace Skiff.Engine.Containers;

public sealed record ContainerCreate
{
    /// <summary>null: one is made up.</summary>
    public string? Name { get; init; }
    public required string Image { get; init; }
    public Oci.Names.Platform? Platform { get; init; }

    /// <summary>What the user set; null and empty members take the image's.</summary>
    public required Bundles.ContainerConfig Config { get; init; }
    public required Bundles.HostSettings Host { get; init; }

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
public sealed record AttachRequest(bool Stdin, bool Stdout, bool Stderr, bool Logs, bool Stream, string? DetachKeys);

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
/// <param name="Attributes">by --log-opt labels, env and tag; null: none</param>
public readonly record struct LogLine(
    byte Stream,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Text,
    IReadOnlyDictionary<string, string>? Attributes
);
