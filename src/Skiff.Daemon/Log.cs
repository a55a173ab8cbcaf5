// The daemon's events.
using Microsoft.Extensions.Logging;

namespace Skiff.Daemon;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "skiffd {Version} starts on {DataRoot}")]
    internal static partial void Starting(ILogger logger, string version, string dataRoot);

    [LoggerMessage(2, LogLevel.Information, "listening on {Host}")]
    internal static partial void Listening(ILogger logger, string host);

    [LoggerMessage(3, LogLevel.Information, "stopping; running containers go on")]
    internal static partial void Stopping(ILogger logger);

    [LoggerMessage(4, LogLevel.Error, "background work failed")]
    internal static partial void BackgroundFailed(ILogger logger, Exception error);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "{Host} is open to everyone who can reach it, without authentication: whoever connects is root on this machine"
    )]
    internal static partial void OpenToAll(ILogger logger, string host);

    [LoggerMessage(6, LogLevel.Information, "{Text}")]
    internal static partial void Notice(ILogger logger, string text);

    [LoggerMessage(7, LogLevel.Error, "{Request} failed")]
    internal static partial void RequestFailed(ILogger logger, string request, Exception error);
}
