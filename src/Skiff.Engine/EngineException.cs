// The one exception that leaves the engine: its kind decides the status a door answers with.
namespace Skiff.Engine;

public enum ErrorKind
{
    InvalidParameter,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    NotModified,
    NotImplemented,
    Unavailable,
    Cancelled,
    DataLoss,
    System,
}

/// <summary>A request failed. The message is for the user: lower case, no full stop, the subject quoted.</summary>
public class EngineException(ErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public ErrorKind Kind { get; } = kind;

    public static EngineException Invalid(string message) => new(ErrorKind.InvalidParameter, message);

    public static EngineException NotFound(string message) => new(ErrorKind.NotFound, message);

    public static EngineException Conflict(string message) => new(ErrorKind.Conflict, message);

    public static EngineException NotImplemented(string message) => new(ErrorKind.NotImplemented, message);
}
