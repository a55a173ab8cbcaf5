// Docker's contexts: names for engines, kept where docker keeps them (~/.docker/contexts).
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skiff.Cli.Contexts;

/// <param name="Host">of the engine: "unix:///run/skiff/skiff.sock", "tcp://host:2375", or what only other tools can dial</param>
internal sealed record DockerContext(string Name, string Description, string Host, bool SkipTlsVerify)
{
    /// <summary>As docker writes it: what inspect shows, too.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            writer.WriteStartObject();
            WriteMembers(writer);
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString(nameof(Name), Name);
        writer.WriteStartObject("Metadata");
        if (Description.Length > 0)
            writer.WriteString(nameof(Description), Description);
        writer.WriteEndObject();
        writer.WriteStartObject("Endpoints");
        writer.WriteStartObject("docker");
        writer.WriteString(nameof(Host), Host);
        writer.WriteBoolean("SkipTLSVerify", SkipTlsVerify);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <exception cref="CliException">not what docker writes</exception>
    public static DockerContext Parse(ReadOnlyMemory<byte> json, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var docker = root.GetProperty("Endpoints").GetProperty("docker");
            return new DockerContext(
                root.GetProperty(nameof(Name)).GetString() ?? "",
                root.TryGetProperty("Metadata", out var metadata) && metadata.TryGetProperty(nameof(Description), out var text)
                    ? text.GetString() ?? ""
                    : "",
                docker.TryGetProperty(nameof(Host), out var host) ? host.GetString() ?? "" : "",
                docker.TryGetProperty("SkipTLSVerify", out var skip) && skip.GetBoolean()
            );
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CliException($"{where} is no docker context");
        }
    }
}

/// <summary>One directory a context, named by the SHA-256 of the context's name.</summary>
internal sealed class ContextStore(string configDirectory)
{
    public const string Default = "default";
    public const string DefaultDescription = "Current DOCKER_HOST based configuration";
    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    string Root => Path.Combine(configDirectory, "contexts");

    public string MetadataPath(string name) => Path.Combine(Root, "meta", Key(name));

    public string TlsPath(string name) => Path.Combine(Root, "tls", Key(name));

    static string Key(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>By name; the default context, which is not kept, is not among them.</summary>
    public IReadOnlyList<DockerContext> List()
    {
        string meta = Path.Combine(Root, "meta");
        if (!Directory.Exists(meta))
            return [];
        return
        [
            .. Directory
                .EnumerateDirectories(meta)
                .Select(d => Path.Combine(d, "meta.json"))
                .Where(File.Exists)
                .Select(f => DockerContext.Parse(File.ReadAllBytes(f), f))
                .OrderBy(c => c.Name, StringComparer.Ordinal),
        ];
    }

    public bool Contains(string name) => File.Exists(MetaFile(name));

    /// <exception cref="CliException">there is none of that name</exception>
    public DockerContext Get(string name) =>
        Contains(name)
            ? DockerContext.Parse(File.ReadAllBytes(MetaFile(name)), MetaFile(name))
            : throw new CliException(NotFound(name));

    /// <summary>Docker's words, with the file that is missing.</summary>
    public string NotFound(string name) =>
        $"context \"{name}\": context not found: open {MetaFile(name)}: no such file or directory";

    /// <exception cref="CliException">no name for a context</exception>
    public static void CheckName(string name)
    {
        if (name == Default)
            throw new CliException("\"default\" is a reserved context name");
        if (
            name.Length < 2
            || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '+' or '-')
        )
            throw new CliException(
                $"context name \"{name}\" is invalid, names are validated against regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\""
            );
    }

    public void Save(DockerContext context)
    {
        Directory.CreateDirectory(MetadataPath(context.Name), Private);
        string next = MetaFile(context.Name) + ".new";
        File.WriteAllBytes(next, context.ToJson());
        File.Move(next, MetaFile(context.Name), overwrite: true);
    }

    public void Remove(string name)
    {
        foreach (string path in (string[])[MetadataPath(name), TlsPath(name)])
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
    }

    string MetaFile(string name) => Path.Combine(MetadataPath(name), "meta.json");
}
