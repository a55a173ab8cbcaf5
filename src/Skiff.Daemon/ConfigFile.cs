// daemon.json: Docker's names for its keys; a key that is not known is an error.
using System.Text.Json;
using System.Text.Json.Serialization;
using Skiff.Engine;

namespace Skiff.Daemon;

/// <summary>The file's members; null where a key is absent.</summary>
internal sealed record ConfigFile
{
    public IReadOnlyList<string>? Hosts { get; init; }
    public string? DataRoot { get; init; }
    public string? ExecRoot { get; init; }

    [JsonPropertyName("pidfile")]
    public string? PidFile { get; init; }
    public IReadOnlyList<string>? RegistryMirrors { get; init; }
    public IReadOnlyList<string>? InsecureRegistries { get; init; }
    public string? Bridge { get; init; }
    public string? Bip { get; init; }
    public int? Mtu { get; init; }
    public IReadOnlyList<string>? Dns { get; init; }
    public IReadOnlyList<string>? DnsSearch { get; init; }
    public IReadOnlyList<string>? DnsOpts { get; init; }
    public string? Group { get; init; }
    public string? LogLevel { get; init; }
    public bool? Debug { get; init; }
    public string? LogDriver { get; init; }
    public IReadOnlyDictionary<string, string>? LogOpts { get; init; }
    public string? SeccompProfile { get; init; }
    public bool? NoNewPrivileges { get; init; }
    public bool? Init { get; init; }
    public string? UsernsRemap { get; init; }
    public IReadOnlyList<string>? Labels { get; init; }
    public int? MaxConcurrentDownloads { get; init; }
    public int? MaxConcurrentUploads { get; init; }
    public string? CgroupParent { get; init; }
    public IReadOnlyDictionary<string, ConfigRuntime>? Runtimes { get; init; }
    public string? DefaultRuntime { get; init; }

    /// <exception cref="EngineException">InvalidParameter: the file is missing though it was named, malformed, or has an unknown key</exception>
    internal static ConfigFile Read(string path, bool mustExist)
    {
        if (!File.Exists(path))
            return mustExist ? throw EngineException.Invalid($"the configuration file {path} does not exist") : new ConfigFile();
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ConfigJson.Default.ConfigFile) ?? new ConfigFile();
        }
        catch (JsonException e)
        {
            string where = e.Path is { Length: > 2 } key ? $" at \"{key[2..]}\"" : "";
            throw EngineException.Invalid($"unable to configure skiffd with file {path}{where}: {e.Message}");
        }
    }
}

/// <summary>An OCI runtime in daemon.json.</summary>
internal sealed record ConfigRuntime(string Path);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Disallow
)]
[JsonSerializable(typeof(ConfigFile))]
internal sealed partial class ConfigJson : JsonSerializerContext;
