// The JSON border of the runtime-spec: camelCase, absent members left out.
using System.Text.Json.Serialization;

namespace Skiff.Oci.Runtime;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(Spec))]
[JsonSerializable(typeof(SpecProcess))]
[JsonSerializable(typeof(LinuxResources))]
public sealed partial class RuntimeJson : JsonSerializerContext;
