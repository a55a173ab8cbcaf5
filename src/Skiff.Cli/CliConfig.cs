// The user's settings, shared with docker's CLI: ~/.docker/config.json.
using System.Text;
using System.Text.Json;
using Skiff.Docker;
using Skiff.Oci.Names;

namespace Skiff.Cli;

/// <summary>Read when something asks for it. Members that other tools keep in the file survive a change.</summary>
internal sealed class CliConfig(string directory)
{
    /// <summary>Under which Docker Hub's credentials are filed.</summary>
    public const string HubKey = "https://index.docker.io/v1/";

    JsonElement? root;

    public string Path => System.IO.Path.Combine(directory, "config.json");

    public static string DefaultDirectory =>
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } set
            ? set
            : System.IO.Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/root", ".docker");

    public string DirectoryPath => directory;

    /// <summary>Of docker's contexts, the one in use; null: none.</summary>
    public string? CurrentContext => Text("currentContext") is { Length: > 0 } name and not "default" ? name : null;
    public string? DetachKeys => Text("detachKeys");
    public string? PsFormat => Text("psFormat");
    public string? StatsFormat => Text("statsFormat");
    public string? ImagesFormat => Text("imagesFormat");

    /// <exception cref="CliException">the file is not JSON</exception>
    JsonElement Root
    {
        get
        {
            if (root is { } read)
                return read;
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(Path));
                root = document.RootElement.Clone();
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
            {
                using var empty = JsonDocument.Parse("{}");
                root = empty.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new CliException($"{Path}: {e.Message}");
            }
            return root.Value;
        }
    }

    string? Text(string name) =>
        Root.ValueKind == JsonValueKind.Object
        && Root.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>What is filed for the registry of an image; anonymous if nothing is.</summary>
    public AuthConfig AuthFor(Reference image) => AuthFor(KeyOf(image.Domain));

    /// <summary>"docker.io" is filed under the address of its first version.</summary>
    public static string KeyOf(string registry) =>
        registry is "docker.io" or "index.docker.io" or "registry-1.docker.io" ? HubKey : registry;

    public AuthConfig AuthFor(string key)
    {
        return (Helper(key) is { } helper ? helper.Get(key) : Filed(key)) ?? new AuthConfig();
    }

    /// <summary>X-Registry-Config for the registries of these images and all that have something in the file.</summary>
    public string AllAuth(IReadOnlyList<string> images)
    {
        var keys = images.Where(i => Reference.TryParse(i, out _)).Select(i => KeyOf(Reference.Parse(i).Domain)).ToHashSet();
        if (Root.TryGetProperty("auths", out var auths) && auths.ValueKind == JsonValueKind.Object)
            keys.UnionWith(auths.EnumerateObject().Select(a => a.Name == HubKey ? HubKey : HostOf(a.Name)));
        var all = new Dictionary<string, AuthConfig>();
        foreach (string key in keys)
            if (AuthFor(key) is { } auth && auth != new AuthConfig())
                all[key] = auth;
        return Convert
            .ToBase64String(JsonSerializer.SerializeToUtf8Bytes(all, DockerJson.Wire.DictionaryStringAuthConfig))
            .Replace('+', '-')
            .Replace('/', '_');
    }

    /// <summary>The program that keeps this registry's credentials; null: the file does.</summary>
    CredentialHelper? Helper(string key)
    {
        string? name =
            Root.TryGetProperty("credHelpers", out var helpers)
            && helpers.ValueKind == JsonValueKind.Object
            && helpers.TryGetProperty(key, out var own)
                ? own.GetString()
                : Text("credsStore");
        return name is { Length: > 0 } ? new CredentialHelper(name) : null;
    }

    /// <summary>Credentials for this registry are in the file, where anyone who reads it has them.</summary>
    public bool KeepsInFile(string key) => Helper(key) is null;

    AuthConfig? Filed(string key)
    {
        if (!Root.TryGetProperty("auths", out var auths) || auths.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var entry in auths.EnumerateObject())
            if (entry.Name == key || HostOf(entry.Name) == key)
            {
                var auth = entry.Value.Deserialize(DockerJson.Wire.AuthConfig) ?? new AuthConfig();
                if (auth.Auth is not { Length: > 0 } packed)
                    return auth.Username is null && auth.IdentityToken is null && auth.RegistryToken is null ? null : auth;
                string pair = Encoding.UTF8.GetString(Convert.FromBase64String(packed)).TrimEnd('\0');
                int colon = pair.IndexOf(':');
                if (colon < 0)
                    throw new CliException($"{Path}: the credentials of {key} are damaged");
                return auth with { Auth = null, Username = pair[..colon], Password = pair[(colon + 1)..], ServerAddress = key };
            }
        return null;
    }

    // Old files have "https://registry.example/v2/" where new ones have "registry.example".
    static string HostOf(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        return slash < 0 ? rest : rest[..slash];
    }

    /// <summary>Files credentials, or removes them (null). False: there was nothing to remove.</summary>
    public bool Store(string key, AuthConfig? auth)
    {
        bool had = Filed(key) is not null || IsNamed(key);
        if (Helper(key) is { } helper)
        {
            if (auth is not null)
                helper.Store(key, auth);
            else if (had)
                helper.Erase(key);
        }
        Rewrite(
            "auths",
            writer =>
            {
                writer.WriteStartObject();
                if (Root.TryGetProperty("auths", out var auths) && auths.ValueKind == JsonValueKind.Object)
                    foreach (var entry in auths.EnumerateObject())
                        if (entry.Name != key)
                            entry.WriteTo(writer);
                // An empty entry tells that the helper has them.
                if (auth is not null)
                    WriteAuth(writer, key, Helper(key) is null ? auth : new AuthConfig());
                writer.WriteEndObject();
            }
        );
        return had;
    }

    bool IsNamed(string key) =>
        Root.TryGetProperty("auths", out var auths)
        && auths.ValueKind == JsonValueKind.Object
        && auths.TryGetProperty(key, out _);

    static void WriteAuth(Utf8JsonWriter writer, string key, AuthConfig auth)
    {
        writer.WriteStartObject(key);
        if (auth.Username is not null)
            writer.WriteString("auth", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth.Username}:{auth.Password}")));
        if (auth.IdentityToken is { Length: > 0 } token)
            writer.WriteString("identitytoken", token);
        writer.WriteEndObject();
    }

    /// <param name="name">null: none is in use</param>
    public void SetCurrentContext(string? name) =>
        Rewrite("currentContext", name is null ? null : writer => writer.WriteStringValue(name));

    /// <summary>Writes the file anew with one member changed, or without it.</summary>
    void Rewrite(string member, Action<Utf8JsonWriter>? value)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string next = Path + ".new";
        using (
            var file = new FileStream(
                next,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        using (
            var writer = new Utf8JsonWriter(
                file,
                new JsonWriterOptions
                {
                    Indented = true,
                    IndentCharacter = '\t',
                    IndentSize = 1,
                }
            )
        )
        {
            writer.WriteStartObject();
            // As docker does, there are always credentials, be they none.
            if (member != "auths" && !Root.TryGetProperty("auths", out _))
            {
                writer.WriteStartObject("auths");
                writer.WriteEndObject();
            }
            bool written = false;
            foreach (var known in Root.EnumerateObject())
                if (known.Name != member)
                    known.WriteTo(writer);
                else if (value is not null)
                {
                    written = true;
                    writer.WritePropertyName(member);
                    value(writer);
                }
            if (!written && value is not null)
            {
                writer.WritePropertyName(member);
                value(writer);
            }
            writer.WriteEndObject();
        }
        File.Move(next, Path, overwrite: true);
        root = null;
    }
}
