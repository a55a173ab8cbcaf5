// The body of a registry's error answer.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skiff.Oci.Distribution;

/// <summary>One error of a registry. distribution-spec: Error codes.</summary>
public sealed record RegistryError(string Code, string? Message = null)
{
    public const string Denied = "DENIED";
    public const string Unauthorized = "UNAUTHORIZED";
    public const string ManifestUnknown = "MANIFEST_UNKNOWN";
    public const string NameUnknown = "NAME_UNKNOWN";
    public const string BlobUnknown = "BLOB_UNKNOWN";
    public const string TooManyRequests = "TOOMANYREQUESTS";
    const int MaxText = 1000;

    /// <summary>"manifest unknown: the message", as Docker's client writes it; control characters replaced, bounded.</summary>
    public override string ToString()
    {
        var text = Code.ToLowerInvariant().Replace('_', ' ');
        text = string.IsNullOrEmpty(Message) ? text : $"{text}: {Message}";
        return Clean(text);
    }

    /// <summary>The errors of an answer; none if it is not of this form.</summary>
    public static IReadOnlyList<RegistryError> Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var errors = JsonSerializer.Deserialize(body, DistributionJson.Default.RegistryErrors)?.Errors ?? [];
            return [.. errors.Where(e => e is { Code.Length: > 0 })];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The first error of an answer, or null.</summary>
    public static RegistryError? First(ReadOnlySpan<byte> body) => Parse(body) is [var first, ..] ? first : null;

    /// <summary>Foreign text for a message of ours: one line, bounded.</summary>
    public static string Clean(string text) =>
        string.Create(
            Math.Min(text.Length, MaxText),
            text,
            static (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                    target[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        );
}

/// <summary>The envelope of errors.</summary>
public sealed record RegistryErrors(IReadOnlyList<RegistryError>? Errors);

/// <summary>A page of a repository's tags. distribution-spec: Listing Tags.</summary>
public sealed record TagList(string? Name, IReadOnlyList<string>? Tags);

/// <summary>What a token server answers. expires_in is seconds.</summary>
public sealed record TokenResponse
{
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    [JsonPropertyName("expires_in")]
    public double? ExpiresIn { get; init; }

    [JsonPropertyName("issued_at")]
    public string? IssuedAt { get; init; }

    [JsonPropertyName("refresh_token")]
    public string? RefreshToken { get; init; }
}

/// <summary>JSON between a registry and its clients, apart from manifests.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 16
)]
[JsonSerializable(typeof(RegistryErrors))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(TagList))]
public sealed partial class DistributionJson : JsonSerializerContext;
