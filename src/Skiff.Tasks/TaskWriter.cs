// Writes what a shim writes, by hand; see TaskReader.
using System.Buffers;
using System.Text.Json;

namespace Skiff.Tasks;

/// <summary>The shim's side of the JSON border: answers and exit.json. A test holds it together with <see cref="TaskJson"/>.</summary>
public static class TaskWriter
{
    /// <summary>An answer, its length first.</summary>
    public static byte[] Encode(TaskAnswer answer) =>
        TaskFraming.Frame(writer =>
        {
            writer.WriteStartObject();
            switch (answer)
            {
                case DoneAnswer:
                    writer.WriteString("is", "done");
                    break;
                case StartedAnswer started:
                    writer.WriteString("is", "started");
                    writer.WriteNumber(nameof(started.Pid), started.Pid);
                    writer.WriteNumber(nameof(started.StartTicks), started.StartTicks);
                    break;
                case ExitAnswer exit:
                    writer.WriteString("is", "exit");
                    WriteExit(writer, exit.Code, exit.OomKilled, exit.ExitedAt);
                    break;
                case StateAnswer state:
                    writer.WriteString("is", "state");
                    writer.WriteString(nameof(state.Status), state.Status.ToString());
                    writer.WriteNumber(nameof(state.Pid), state.Pid);
                    writer.WriteNumber(nameof(state.StartTicks), state.StartTicks);
                    if (state.Exit is { } ended)
                    {
                        writer.WriteStartObject(nameof(state.Exit));
                        WriteExit(writer, ended.Code, ended.OomKilled, ended.ExitedAt);
                        writer.WriteEndObject();
                    }
                    break;
                case FailedAnswer failed:
                    writer.WriteString("is", "failed");
                    writer.WriteString(nameof(failed.Kind), failed.Kind.ToString());
                    writer.WriteString(nameof(failed.Message), failed.Message);
                    break;
                default:
                    throw new ArgumentException($"unknown answer {answer.GetType().Name}", nameof(answer));
            }
            writer.WriteEndObject();
        });

    /// <summary>exit.json.</summary>
    public static byte[] Encode(ExitRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            WriteExit(writer, record.Code, record.OomKilled, record.ExitedAt);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteExit(Utf8JsonWriter writer, int code, bool oomKilled, DateTimeOffset exitedAt)
    {
        writer.WriteNumber(nameof(ExitAnswer.Code), code);
        writer.WriteBoolean(nameof(ExitAnswer.OomKilled), oomKilled);
        writer.WriteString(nameof(ExitAnswer.ExitedAt), exitedAt);
    }
}
