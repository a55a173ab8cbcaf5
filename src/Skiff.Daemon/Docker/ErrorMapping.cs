// From the engine's kinds of errors to the status codes of HTTP.
using Microsoft.AspNetCore.Http;
using Skiff.Engine;

namespace Skiff.Daemon.Docker;

internal static class ErrorMapping
{
    internal static int Status(ErrorKind kind) =>
        kind switch
        {
            ErrorKind.InvalidParameter => 400,
            ErrorKind.Unauthorized => 401,
            ErrorKind.Forbidden => 403,
            ErrorKind.NotFound => 404,
            ErrorKind.Conflict => 409,
            ErrorKind.NotModified => 304,
            ErrorKind.NotImplemented => 501,
            ErrorKind.Unavailable => 503,
            _ => 500,
        };

    internal static (int Status, string Message) Of(Exception error) =>
        error switch
        {
            EngineException known => (Status(known.Kind), known.Message),
            FormatException malformed => (400, malformed.Message), // names, digests and tags of Skiff.Oci
            BadHttpRequestException http => (http.StatusCode, http.Message),
            OperationCanceledException => (503, "the engine is stopping"),
            _ => (500, error.Message),
        };
}
