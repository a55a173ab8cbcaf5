// Failures that end a command with a text and an exit code.
namespace Skiff.Cli;

/// <summary>The message is printed as it is; the program ends with the code (docs: exit status of docker run).</summary>
internal class CliException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>The message stands alone and the code is kept, even where a container was to be run.</summary>
    public bool Plain { get; init; }

    /// <summary>Failures of the CLI itself where a container's own code could be returned.</summary>
    public const int Ours = 125;
    public const int CannotRun = 126;
    public const int NotFound = 127;

    public int ExitCode { get; } = exitCode;
}

/// <summary>The engine refused. Its words are in <see cref="Reason"/>.</summary>
internal sealed class EngineErrorException(int status, string reason) : CliException("Error response from daemon: " + reason)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;
    public string Reason { get; } = reason;

    /// <summary>Why a container or exec did not start decides the code: 127 not found, 126 not executable, else 125.</summary>
    public static int StartExitCode(string reason) =>
        reason.Contains("executable file not found", StringComparison.Ordinal)
        || reason.Contains("no such file or directory", StringComparison.Ordinal)
        || reason.Contains("system cannot find the file specified", StringComparison.Ordinal)
            ? NotFound
        : reason.Contains("permission denied", StringComparison.Ordinal)
        || reason.Contains("is a directory", StringComparison.Ordinal)
            ? CannotRun
        : Ours;
}

/// <summary>A flag or argument is wrong.</summary>
internal sealed class FlagException(string message) : Exception(message);
