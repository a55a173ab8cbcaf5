// skiff version: of this program and of the engine.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Skiff.Cli.Options;
using Skiff.Cli.Output;
using Skiff.Docker;

namespace Skiff.Cli.Commands;

internal sealed class VersionCommand : Command
{
    readonly StringFlag format;

    public VersionCommand() => format = Flags.String("format", "json, or a Go template", 'f');

    public override string Usage => "[OPTIONS]";
    public override string Summary => "Show the versions of skiff and the engine";
    public override IReadOnlyList<string> Examples => ["version", "version -f '{{.Server.Version}}'"];
    public override int MaxArguments => 0;

    public override int Run(CliContext context, IReadOnlyList<string> arguments)
    {
        JsonElement? server = null;
        string? failure = null;
        string api = ApiVersion.Max.ToString();
        try
        {
            using var document = JsonDocument.Parse(context.Engine.GetRaw("/version"));
            server = document.RootElement.Clone();
            api = context.Engine.Version.ToString();
        }
        catch (CliException e)
        {
            failure = e.Message;
        }
        if (format.Value.Length > 0)
        {
            CliContext.PrintLine(
                AnswerFormat.Run(ToJson(api, context.ContextName, server), format, "system.versionInfo", "version")
            );
        }
        else
        {
            CliContext.Print(Client(api, context.ContextName));
            if (server is { } answer)
                CliContext.Print("\n" + Server(answer.Deserialize(DockerJson.Wire.VersionBody)!));
        }
        return failure is null ? 0 : throw new CliException(failure);
    }

    static string Architecture =>
        RuntimeInformation.ProcessArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        };

    static byte[] ToJson(string api, string contextName, JsonElement? server)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("Client");
            WriteClient(writer, api, contextName);
            writer.WriteEndObject();
            writer.WritePropertyName("Server");
            if (server is { } answer)
                answer.WriteTo(writer);
            else
                writer.WriteNullValue();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>What this program is, as members of an object that has begun.</summary>
    public static void WriteClient(Utf8JsonWriter writer, string api, string contextName)
    {
        writer.WriteString("Version", Product.Version);
        writer.WriteString("ApiVersion", api);
        writer.WriteString("DefaultAPIVersion", ApiVersion.Max.ToString());
        writer.WriteString("GitCommit", Product.Commit);
        writer.WriteString("Os", "linux");
        writer.WriteString("Arch", Architecture);
        writer.WriteString("Context", contextName);
    }

    static string Client(string api, string contextName) =>
        "Client:\n"
        + Line(1, "Version", Product.Version)
        + Line(1, "API version", api)
        + Line(1, "Git commit", Product.ShortCommit)
        + Line(1, "OS/Arch", "linux/" + Architecture)
        + Line(1, "Context", contextName);

    static string Server(VersionBody server)
    {
        var text = new StringBuilder("Server:");
        if (server.Platform.Name.Length > 0)
            text.Append(' ').Append(server.Platform.Name);
        text.Append('\n');
        foreach (var component in server.Components ?? [])
        {
            text.Append($" {component.Name}:\n").Append(Line(2, "Version", component.Version));
            var details = component.Details ?? new Dictionary<string, string>();
            if (component.Name == "Engine")
            {
                string minimum = details.GetValueOrDefault("MinAPIVersion", server.MinAPIVersion);
                text.Append(
                    Line(
                        2,
                        "API version",
                        $"{details.GetValueOrDefault("ApiVersion", server.ApiVersion)} (minimum version {minimum})"
                    )
                );
                foreach (var (title, key) in EngineDetails)
                    if (details.TryGetValue(key, out string? value) && value.Length > 0)
                        text.Append(Line(2, title, key == "BuildTime" ? Built(value) : value));
                text.Append(
                    Line(
                        2,
                        "OS/Arch",
                        $"{details.GetValueOrDefault("Os", server.Os)}/{details.GetValueOrDefault("Arch", server.Arch)}"
                    )
                );
                text.Append(Line(2, "Experimental", details.GetValueOrDefault("Experimental", "false")));
                continue;
            }
            foreach (var (key, value) in details.OrderBy(d => d.Key, StringComparer.Ordinal))
                text.Append(Line(2, key, value));
        }
        return text.ToString();
    }

    static readonly (string Title, string Key)[] EngineDetails =
    [
        ("Go version", "GoVersion"),
        ("Git commit", "GitCommit"),
        ("Built", "BuildTime"),
    ];

    // "Tue Sep 15 11:02:57 2026"
    static string Built(string time) =>
        DockerTime.Parse(time)?.ToString("ddd MMM d HH:mm:ss yyyy", CultureInfo.InvariantCulture) ?? time;

    static string Line(int depth, string title, string value) =>
        $"{new string(' ', depth)}{(title + ":").PadRight(20 - depth)}{value}\n";
}
