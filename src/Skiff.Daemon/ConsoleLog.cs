// The daemon's log: one line an event on stderr, where systemd and people read it.
using Microsoft.Extensions.Logging;

namespace Skiff.Daemon;

/// <summary>"2026-01-02T03:04:05Z info listening on unix:///run/skiff/skiff.sock".</summary>
internal sealed class ConsoleLog(LogLevel least) : ILoggerProvider, ILogger
{
    readonly Lock gate = new();

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (!IsEnabled(logLevel))
            return;
        string level = logLevel switch
        {
            LogLevel.Trace or LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            _ => "error",
        };
        string text = formatter(state, exception).ReplaceLineEndings(" ");
        string cause =
            exception is null ? ""
            : least <= LogLevel.Debug ? "\n" + exception
            : ": " + exception.Message;
        lock (gate)
            Console.Error.WriteLine($"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ssZ} {level} {text}{cause}");
    }

    public void Dispose() { }
}
