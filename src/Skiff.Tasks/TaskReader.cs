// Reads what a shim reads, by hand. TaskJson does the same, but takes milliseconds and a megabyte to set itself up,
// which every container would pay.
using System.Text.Json;

namespace Skiff.Tasks;

/// <summary>The shim's side of the JSON border: requests and task.json. A test holds it together with <see cref="TaskJson"/>.</summary>
public static class TaskReader
{
    /// <exception cref="JsonException">no such message</exception>
    public static TaskRequest ReadRequest(ReadOnlyMemory<byte> json) => Parse(json, Request);

    /// <summary>task.json.</summary>
    /// <exception cref="JsonException">no such file</exception>
    public static TaskOptions ReadOptions(ReadOnlyMemory<byte> json) => Parse(json, Options);

    static TaskRequest Request(JsonElement e) =>
        Text(e, "do") switch
        {
            "start" => new StartRequest(),
            "exec" => new ExecRequest(
                Needed(e, nameof(ExecRequest.ExecId)),
                Needed(e, nameof(ExecRequest.ProcessJson)),
                Bool(e, nameof(ExecRequest.OpenStdin))
            ),
            "attach" => new AttachRequest(
                Text(e, nameof(AttachRequest.ExecId)),
                Bool(e, nameof(AttachRequest.Stdin)),
                Bool(e, nameof(AttachRequest.Stdout)),
                Bool(e, nameof(AttachRequest.Stderr))
            ),
            "wait" => new WaitRequest(Text(e, nameof(WaitRequest.ExecId))),
            "kill" => new KillRequest(
                Text(e, nameof(KillRequest.ExecId)),
                e.GetProperty(nameof(KillRequest.Signal)).GetInt32(),
                Bool(e, nameof(KillRequest.All))
            ),
            "resize" => new ResizeRequest(
                Text(e, nameof(ResizeRequest.ExecId)),
                e.GetProperty(nameof(ResizeRequest.Rows)).GetUInt16(),
                e.GetProperty(nameof(ResizeRequest.Columns)).GetUInt16()
            ),
            "pause" => new PauseRequest(Bool(e, nameof(PauseRequest.Resume))),
            "update" => new UpdateRequest(Needed(e, nameof(UpdateRequest.ResourcesJson))),
            "state" => new StateRequest(),
            "shutdown" => new ShutdownRequest(),
            string other => throw new JsonException($"unknown request {other}"),
            null => throw new JsonException("the request does not say what to do"),
        };

    static TaskOptions Options(JsonElement e)
    {
        var options = new TaskOptions { Id = Needed(e, nameof(TaskOptions.Id)) };
        return options with
        {
            RuntimePath = Text(e, nameof(TaskOptions.RuntimePath)),
            OpenStdin = Bool(e, nameof(TaskOptions.OpenStdin)),
            StdinOnce = Bool(e, nameof(TaskOptions.StdinOnce)),
            LogPath = Text(e, nameof(TaskOptions.LogPath)),
            LogFormat = Text(e, nameof(TaskOptions.LogFormat)) ?? options.LogFormat,
            LogAttributes = Text(e, nameof(TaskOptions.LogAttributes)),
            LogMaxSizeBytes = e.TryGetProperty(nameof(TaskOptions.LogMaxSizeBytes), out JsonElement size)
                ? size.GetInt64()
                : options.LogMaxSizeBytes,
            LogMaxFiles = e.TryGetProperty(nameof(TaskOptions.LogMaxFiles), out JsonElement files)
                ? files.GetInt32()
                : options.LogMaxFiles,
        };
    }

    static T Parse<T>(ReadOnlyMemory<byte> json, Func<JsonElement, T> read)
    {
        using var document = JsonDocument.Parse(json);
        try
        {
            return read(document.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new JsonException(e.Message, e); // a text where a number should be, a number out of range ...
        }
    }

    static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    static string Needed(JsonElement e, string name) => Text(e, name) ?? throw new JsonException($"{name} is missing");

    static bool Bool(JsonElement e, string name) => e.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
}
