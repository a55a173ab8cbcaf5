// The JSON border of volume records on disk.
using System.Text.Json.Serialization;

namespace Skiff.Engine.Volumes;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Volume))]
internal sealed partial class VolumeJson : JsonSerializerContext;
