// Registry credentials: POST /auth and the headers X-Registry-Auth and X-Registry-Config.
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Skiff.Docker;

/// <summary>Credentials for one registry. All null: anonymous.</summary>
public sealed record AuthConfig
{
    [JsonPropertyName("username")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Username { get; init; }

    [JsonPropertyName("password")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Password { get; init; }

    /// <summary>base64 of "username:password", as config.json has it.</summary>
    [JsonPropertyName("auth")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Auth { get; init; }

    [JsonPropertyName("email")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    [JsonPropertyName("serveraddress")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ServerAddress { get; init; }

    [JsonPropertyName("identitytoken")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IdentityToken { get; init; }

    [JsonPropertyName("registrytoken")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RegistryToken { get; init; }

    /// <summary>The header's value: base64url of the JSON.</summary>
    public string ToHeader() =>
        Convert
            .ToBase64String(JsonSerializer.SerializeToUtf8Bytes(this, DockerJson.Wire.AuthConfig))
            .Replace('+', '-')
            .Replace('/', '_');

    /// <summary>
    /// Reads the header's value; an empty one is anonymous. Both alphabets of base64 are accepted, padded or not.
    /// </summary>
    /// <exception cref="FormatException">not base64, or not JSON</exception>
    public static AuthConfig FromHeader(string? header) =>
        Read(header, "X-Registry-Auth", DockerJson.Wire.AuthConfig) ?? new AuthConfig();

    /// <summary>Reads X-Registry-Config, which has one for each registry.</summary>
    /// <exception cref="FormatException">not base64, or not JSON</exception>
    public static IReadOnlyDictionary<string, AuthConfig> AllFromHeader(string? header) =>
        Read(header, "X-Registry-Config", DockerJson.Wire.DictionaryStringAuthConfig) ?? [];

    static T? Read<T>(string? header, string name, JsonTypeInfo<T> type)
        where T : class
    {
        if (string.IsNullOrEmpty(header))
            return null;
        var text = header.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text), type);
        }
        catch (JsonException e)
        {
            throw new FormatException($"invalid {name} header: " + e.Message, e);
        }
    }

    /// <summary>Never shows a secret.</summary>
    public override string ToString() => $"{Username}@{ServerAddress}";
}

/// <summary>Answer of POST /auth.</summary>
public sealed record AuthAnswer(string Status, string? IdentityToken);
