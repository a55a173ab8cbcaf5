// The JSON border between engine and shim.
using System.Text.Json.Serialization;

namespace Skiff.Tasks;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TaskRequest))]
[JsonSerializable(typeof(TaskAnswer))]
[JsonSerializable(typeof(TaskOptions))]
[JsonSerializable(typeof(ExitRecord))]
public sealed partial class TaskJson : JsonSerializerContext;
