// The state of a container as JSON: for `state`, for `list`, and for hooks.
using System.Buffers;
using System.Text.Json;
using Skiff.Oci.Runtime;

namespace Skiff.Runtime.State;

/// <summary>runtime-spec: runtime.md, State; with the members that runc adds.</summary>
internal static class StateJson
{
    public static byte[] Of(ContainerRecord record, ContainerStatus status, Spec spec, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented }))
            Write(writer, record, status, spec);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(Utf8JsonWriter writer, ContainerRecord record, ContainerStatus status, Spec spec)
    {
        bool hasProcess = !record.IsCreating && status is not ContainerStatus.Stopped;
        writer.WriteStartObject();
        writer.WriteString("ociVersion", record.OciVersion);
        writer.WriteString("id", record.Id);
        writer.WriteNumber("pid", hasProcess ? record.Pid : 0);
        writer.WriteString("status", status.Word());
        writer.WriteString("bundle", record.Bundle);
        writer.WriteString("rootfs", Path.GetFullPath(Path.Combine(record.Bundle, spec.Root?.Path ?? "")));
        writer.WriteString("created", record.Created);
        if (spec.Annotations is { Count: > 0 } annotations)
        {
            writer.WriteStartObject("annotations");
            foreach ((string key, string value) in annotations)
                writer.WriteString(key, value);
            writer.WriteEndObject();
        }
        writer.WriteString("owner", "");
        writer.WriteEndObject();
    }
}
