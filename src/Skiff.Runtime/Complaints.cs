// What went wrong, for people on standard error and for callers in the log (--log), in the form that they read.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Skiff.Linux;

namespace Skiff.Runtime;

/// <summary>
/// The log has runc's two forms: "text" and "json". Engines take the last line of level error for the reason of a failure.
/// </summary>
internal static class Complaints
{
    static readonly Fd Errors = new(2);

    /// <summary>null: standard error.</summary>
    public static string? LogPath { get; set; }
    public static bool LogIsJson { get; set; }

    /// <summary>Tells the user, and the log if it is another place.</summary>
    public static void Fail(string message)
    {
        if (LogPath is not null)
            Log("error", message);
        Say($"skiff-runtime: {message}\n");
    }

    public static void Warn(string message)
    {
        if (LogPath is not null)
            Log("warning", message);
        else
            Say($"skiff-runtime: warning: {message}\n");
    }

    static void Say(string line) => FdIo.TryWrite(Errors, Encoding.UTF8.GetBytes(line), out _);

    static void Log(string level, string message)
    {
        string time = DateTimeOffset.Now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        byte[] line;
        if (LogIsJson)
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                writer.WriteString("level", level);
                writer.WriteString("msg", message);
                writer.WriteString("time", time);
                writer.WriteEndObject();
            }
            line = [.. buffer.WrittenSpan, (byte)'\n'];
        }
        else
        {
            string quoted = message
                .Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal);
            line = Encoding.UTF8.GetBytes(
                $"time=\"{time}\" level={level} msg=\"{quoted.Replace("\n", "\\n", StringComparison.Ordinal)}\"\n"
            );
        }
        try
        {
            using Fd log = FdIo.OpenAppend(
                LogPath!,
                0x1A4 /* 0644 */
            );
            FdIo.TryWrite(log, line, out _);
        }
        catch (ErrnoException e)
        {
            Say($"skiff-runtime: {e.Message}\n");
        }
    }
}
