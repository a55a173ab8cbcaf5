// A registry did not give what was asked: why, in words that clients of Docker know.
using Skiff.Oci.Distribution;

namespace Skiff.Engine.Images.Registry;

/// <summary>What the caller can do about it.</summary>
internal enum RegistryFailure
{
    /// <summary>No connection, no TLS, or no answer in time: another endpoint may do.</summary>
    Unreachable,

    /// <summary>The registry has no such repository, manifest or blob.</summary>
    NotFound,
    Denied,
    Unauthorized,
    RateLimited,

    /// <summary>Any other status.</summary>
    Refused,

    /// <summary>What came is not what its digest or its descriptor says, or breaks the protocol.</summary>
    BadContent,
}

/// <summary>Becomes an <see cref="EngineException"/> at the border of this folder.</summary>
internal sealed class RegistryException(
    RegistryFailure failure,
    string message,
    RegistryError? error = null,
    Exception? inner = null,
    bool retryable = false
) : Exception(message, inner)
{
    /// <summary>The same may succeed a moment later: a broken connection, a busy registry.</summary>
    public bool Retryable { get; } = retryable;

    public RegistryFailure Failure { get; } = failure;

    /// <summary>The registry's own first error, if it sent one.</summary>
    public RegistryError? Error { get; } = error;

    /// <summary>The kind for doors, where no better text is known.</summary>
    public ErrorKind Kind =>
        Failure switch
        {
            RegistryFailure.NotFound => ErrorKind.NotFound,
            RegistryFailure.Denied => ErrorKind.Forbidden,
            RegistryFailure.Unauthorized => ErrorKind.Unauthorized,
            RegistryFailure.BadContent => ErrorKind.DataLoss,
            RegistryFailure.Unreachable or RegistryFailure.RateLimited => ErrorKind.Unavailable,
            _ => ErrorKind.System,
        };
}

/// <summary>How patient a client is.</summary>
internal sealed record RegistryPolicy
{
    /// <summary>Tries of one request, or of one stretch of a blob without any progress.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Before the second try; doubles with each further one, plus or minus a half at random.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A registry that asks for more patience than this is given up.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Without a byte for this long, a connection counts as dead. There is no limit on the whole.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
