// What is known about a container between two commands: state.json.
using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Skiff.Runtime.State;

/// <summary>runtime-spec: runtime.md, State. The status is not kept but found out.</summary>
/// <param name="Bundle">absolute</param>
/// <param name="Pid">of the first process, as seen from the host; of the one who creates it while <paramref name="IsCreating"/></param>
/// <param name="StartTicks">tells that process from a later one of the same number</param>
/// <param name="SystemdCgroup">create was told --systemd-cgroup</param>
internal sealed record ContainerRecord(
    string Id,
    string Bundle,
    string OciVersion,
    int Pid,
    ulong StartTicks,
    bool IsCreating,
    DateTimeOffset Created,
    bool SystemdCgroup = false
)
{
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id);
            writer.WriteString("bundle", Bundle);
            writer.WriteString("ociVersion", OciVersion);
            writer.WriteNumber("pid", Pid);
            writer.WriteNumber("startTicks", StartTicks);
            writer.WriteBoolean("creating", IsCreating);
            writer.WriteString("created", Created.ToString("O", CultureInfo.InvariantCulture));
            if (SystemdCgroup)
                writer.WriteBoolean("systemdCgroup", true);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="JsonException">it is no such file</exception>
    public static ContainerRecord FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement e = document.RootElement;
        try
        {
            return new ContainerRecord(
                e.GetProperty("id").GetString()!,
                e.GetProperty("bundle").GetString()!,
                e.GetProperty("ociVersion").GetString()!,
                e.GetProperty("pid").GetInt32(),
                e.GetProperty("startTicks").GetUInt64(),
                e.GetProperty("creating").GetBoolean(),
                e.GetProperty("created").GetDateTimeOffset(),
                e.TryGetProperty("systemdCgroup", out JsonElement systemd) && systemd.GetBoolean()
            );
        }
        catch (Exception x) when (x is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException(x.Message, x);
        }
    }
}

/// <summary>runtime-spec: runtime.md, State; and paused, as every runtime has it.</summary>
internal enum ContainerStatus
{
    Creating,
    Created,
    Running,
    Paused,
    Stopped,
}

internal static class ContainerStatusWords
{
    public static string Word(this ContainerStatus status) =>
        status switch
        {
            ContainerStatus.Creating => "creating",
            ContainerStatus.Created => "created",
            ContainerStatus.Running => "running",
            ContainerStatus.Paused => "paused",
            _ => "stopped",
        };
}
