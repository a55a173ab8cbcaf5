// JSON of images: the only place where image-spec documents become records and back.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skiff.Oci.Images;

/// <summary>
/// Absent members are null and null members are not written. Members that we do not know are dropped by the records,
/// so documents that have a digest are stored and forwarded as the bytes that came.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 64
)]
[JsonSerializable(typeof(Descriptor))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(Index))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(OciLayout))]
public sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>For documents that are made here: "+" in media types stays "+", as everybody else writes them.</summary>
    public static OciJson Plain { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}

/// <summary>The file "oci-layout". image-spec: image-layout.md.</summary>
public sealed record OciLayout(string ImageLayoutVersion = "1.0.0");
