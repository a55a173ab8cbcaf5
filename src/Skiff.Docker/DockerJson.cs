// The JSON border of the Engine API: Go's spelling of names, Go's leniency in reading.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Skiff.Oci.Images;

namespace Skiff.Docker;

/// <summary>
/// Use <see cref="Wire"/>: names are read in any case, as Go does, and written as the members are called; &lt;, &gt; and
/// &amp; are not escaped; null members are written as null unless the member says otherwise.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ContainerCreateBody))]
[JsonSerializable(typeof(ContainerCreateAnswer))]
[JsonSerializable(typeof(IReadOnlyList<ContainerSummary>))]
[JsonSerializable(typeof(ContainerInspect))]
[JsonSerializable(typeof(ContainerWaitAnswer))]
[JsonSerializable(typeof(ContainerTopAnswer))]
[JsonSerializable(typeof(StatsBody))]
[JsonSerializable(typeof(IReadOnlyList<FilesystemChange>))]
[JsonSerializable(typeof(ContainerUpdateBody))]
[JsonSerializable(typeof(ContainerUpdateAnswer))]
[JsonSerializable(typeof(ContainerPruneAnswer))]
[JsonSerializable(typeof(ExecCreateBody))]
[JsonSerializable(typeof(ExecStartBody))]
[JsonSerializable(typeof(ExecInspect))]
[JsonSerializable(typeof(IdAnswer))]
[JsonSerializable(typeof(PathStat))]
[JsonSerializable(typeof(IReadOnlyList<ImageSummary>))]
[JsonSerializable(typeof(ImageInspect))]
[JsonSerializable(typeof(IReadOnlyList<ImageHistoryItem>))]
[JsonSerializable(typeof(IReadOnlyList<ImageDeleteItem>))]
[JsonSerializable(typeof(ImagePruneAnswer))]
[JsonSerializable(typeof(ProgressMessage))]
[JsonSerializable(typeof(PushResult))]
[JsonSerializable(typeof(AuthConfig))]
[JsonSerializable(typeof(AuthAnswer))]
[JsonSerializable(typeof(Dictionary<string, AuthConfig>))]
[JsonSerializable(typeof(EventMessage))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(VersionBody))]
[JsonSerializable(typeof(InfoBody))]
[JsonSerializable(typeof(DiskUsageBody))]
[JsonSerializable(typeof(IReadOnlyList<NetworkBody>))]
[JsonSerializable(typeof(NetworkCreateBody))]
[JsonSerializable(typeof(NetworkCreateAnswer))]
[JsonSerializable(typeof(NetworkConnectBody))]
[JsonSerializable(typeof(NetworkDisconnectBody))]
[JsonSerializable(typeof(NetworkPruneAnswer))]
[JsonSerializable(typeof(VolumeBody))]
[JsonSerializable(typeof(VolumeList))]
[JsonSerializable(typeof(VolumeCreateBody))]
[JsonSerializable(typeof(VolumePruneAnswer))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<UlimitBody>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, AuthConfig>))]
[JsonSerializable(typeof(BuildAux))]
[JsonSerializable(typeof(BuildContextBody))]
[JsonSerializable(typeof(BuildProgressBody))]
[JsonSerializable(typeof(BuildPruneAnswer))]
[JsonSerializable(typeof(Oci.Names.Platform))]
[JsonSerializable(typeof(DistributionInspect))]
[JsonSerializable(typeof(StoreCheckBody))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class DockerJson : JsonSerializerContext
{
    /// <summary>The context to use.</summary>
    public static DockerJson Wire { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNameCaseInsensitive = true,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                Converters =
                {
                    new LenientBoolConverter(),
                    new LenientInt64Converter(),
                    new LenientInt32Converter(),
                    new SortedMapConverter<string>(),
                    new SortedMapConverter<EmptyObject>(),
                    new SortedMapConverter<EndpointSettings>(),
                    new SortedMapConverter<IReadOnlyList<PortBinding>>(),
                },
            }
        );
}

/// <summary>Writes an object's members by name, as Go writes its maps: the same thing is told in the same words each time.</summary>
sealed class SortedMapConverter<T> : JsonConverter<IReadOnlyDictionary<string, T>>
{
    public override IReadOnlyDictionary<string, T> Read(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options
    )
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("an object is needed");
        var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            map[name] = JsonSerializer.Deserialize(ref reader, type)!;
        }
        return map;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, T> value, JsonSerializerOptions options)
    {
        var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        writer.WriteStartObject();
        foreach (var (name, member) in value.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, member, type);
        }
        writer.WriteEndObject();
    }
}

/// <summary>A list of strings that old clients may send as one string.</summary>
public sealed class StringOrListConverter : JsonConverter<IReadOnlyList<string>>
{
    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [reader.GetString()!];
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("a list of strings is needed");
        var list = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            list.Add(reader.GetString() ?? "");
        return list;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value)
            writer.WriteStringValue(item);
        writer.WriteEndArray();
    }
}

/// <summary>Reads null as the zero value, as Go does.</summary>
sealed class LenientBoolConverter : JsonConverter<bool>
{
    public override bool HandleNull => true;

    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType != JsonTokenType.Null && reader.GetBoolean();

    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) =>
        writer.WriteBooleanValue(value);
}

/// <inheritdoc cref="LenientBoolConverter"/>
sealed class LenientInt64Converter : JsonConverter<long>
{
    public override bool HandleNull => true;

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? 0 : reader.GetInt64();

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value);
}

/// <inheritdoc cref="LenientBoolConverter"/>
sealed class LenientInt32Converter : JsonConverter<int>
{
    public override bool HandleNull => true;

    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? 0 : reader.GetInt32();

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
