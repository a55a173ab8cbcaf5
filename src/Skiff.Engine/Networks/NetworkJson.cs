// The JSON border of network records on disk.
using System.Text.Json.Serialization;

namespace Skiff.Engine.Networks;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Network))]
internal sealed partial class NetworkJson : JsonSerializerContext;
