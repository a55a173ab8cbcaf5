// What another runtime reads and writes: config.json without what only we understand, and its log.
using System.Buffers;
using System.Text.Json;

namespace Skiff.Runtime.Shim;

internal static class ForeignConfig
{
    // Older runtimes refuse a newer version, whatever the configuration has of it.
    const string Version = "1.0.2";
    const string Inherited = "/proc/self/fd/4";

    /// <summary>
    /// Our bundle's config.json for a bundle whose root filesystem is the directory rootfs: without the mount of "/",
    /// and with the descriptor that we have inherited under a name that others can follow.
    /// </summary>
    /// <param name="networkNamespace">its path; empty if there is none</param>
    public static byte[] Of(byte[] config, string networkNamespace)
    {
        using var document = JsonDocument.Parse(config);
        var buffer = new ArrayBufferWriter<byte>(config.Length);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "ociVersion":
                        writer.WriteString("ociVersion", Version);
                        break;
                    case "root":
                        WriteRoot(writer, member.Value);
                        break;
                    case "mounts":
                        WriteMounts(writer, member.Value);
                        break;
                    case "linux":
                        WriteLinux(writer, member.Value, networkNamespace);
                        break;
                    default:
                        member.WriteTo(writer);
                        break;
                }
            }
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The message of the last error in a log of JSON lines; null if there is none.</summary>
    public static string? LastError(string log)
    {
        if (!File.Exists(log))
            return null;
        foreach (string line in File.ReadLines(log).Reverse())
        {
            try
            {
                using var entry = JsonDocument.Parse(line);
                if (entry.RootElement.TryGetProperty("level", out JsonElement level) && level.ValueEquals("error"))
                    return entry.RootElement.GetProperty("msg").GetString();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
            {
                // a line of something else
            }
        }
        return null;
    }

    static void WriteRoot(Utf8JsonWriter writer, JsonElement root)
    {
        writer.WriteStartObject("root");
        writer.WriteString("path", "rootfs");
        writer.WriteBoolean("readonly", root.TryGetProperty("readonly", out JsonElement readOnly) && readOnly.GetBoolean());
        writer.WriteEndObject();
    }

    static void WriteMounts(Utf8JsonWriter writer, JsonElement mounts)
    {
        writer.WriteStartArray("mounts");
        foreach (JsonElement mount in mounts.EnumerateArray())
        {
            if (!mount.GetProperty("destination").ValueEquals("/"))
                mount.WriteTo(writer);
        }
        writer.WriteEndArray();
    }

    static void WriteLinux(Utf8JsonWriter writer, JsonElement linux, string networkNamespace)
    {
        writer.WriteStartObject("linux");
        foreach (JsonProperty member in linux.EnumerateObject())
        {
            if (member.Name != "namespaces")
            {
                member.WriteTo(writer);
                continue;
            }
            writer.WriteStartArray("namespaces");
            foreach (JsonElement one in member.Value.EnumerateArray())
            {
                bool inherited = one.TryGetProperty("path", out JsonElement path) && path.ValueEquals(Inherited);
                if (!inherited)
                {
                    one.WriteTo(writer);
                    continue;
                }
                writer.WriteStartObject();
                writer.WriteString("type", one.GetProperty("type").GetString());
                writer.WriteString("path", networkNamespace);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }
}
