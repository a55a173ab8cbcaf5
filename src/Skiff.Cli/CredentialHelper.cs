// docker-credential-NAME: programs that keep credentials for docker's tools, spoken to by stdin and stdout.
using System.Text;
using System.Text.Json;
using Skiff.Docker;
using Skiff.Linux;
using Skiff.Linux.Processes;
using Skiff.Linux.Spawn;

namespace Skiff.Cli;

/// <summary>Verbs get, store and erase, each one run of the program: docker/docker-credential-helpers, Development.</summary>
/// <param name="name">"pass", "secretservice"; the program is docker-credential-NAME in PATH</param>
internal sealed class CredentialHelper(string name)
{
    /// <summary>The user name under which an identity token is kept.</summary>
    const string TokenUser = "<token>";
    const int LongestAnswer = 1 << 20;

    /// <summary>null: it keeps none for the server.</summary>
    /// <exception cref="CliException">the program is missing, or fails</exception>
    public AuthConfig? Get(string server)
    {
        var (code, output) = Run("get", server);
        if (code != 0)
            return output.Contains("credentials not found", StringComparison.Ordinal)
                ? null
                : throw new CliException($"error getting credentials - err: exit status {code}, out: `{output.Trim()}`");
        try
        {
            using var document = JsonDocument.Parse(output);
            string? user = Member("Username");
            string? secret = Member("Secret");
            return user == TokenUser
                ? new AuthConfig { IdentityToken = secret, ServerAddress = server }
                : new AuthConfig
                {
                    Username = user,
                    Password = secret,
                    ServerAddress = server,
                };

            string? Member(string member) =>
                document.RootElement.TryGetProperty(member, out var value) ? value.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CliException($"error getting credentials: docker-credential-{name} does not answer in JSON");
        }
    }

    public void Store(string server, AuthConfig auth)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("ServerURL", server);
            bool token = auth.IdentityToken is { Length: > 0 };
            writer.WriteString("Username", token ? TokenUser : auth.Username);
            writer.WriteString("Secret", token ? auth.IdentityToken : auth.Password);
            writer.WriteEndObject();
        }
        var (code, output) = Run("store", Encoding.UTF8.GetString(buffer.ToArray()));
        if (code != 0)
            throw new CliException(
                $"Error saving credentials: error storing credentials - err: exit status {code}, out: `{output.Trim()}`"
            );
    }

    public void Erase(string server)
    {
        var (code, output) = Run("erase", server);
        if (code != 0 && !output.Contains("credentials not found", StringComparison.Ordinal))
            throw new CliException($"error erasing credentials - err: exit status {code}, out: `{output.Trim()}`");
    }

    (int Code, string Output) Run(string verb, string input)
    {
        string program = "docker-credential-" + name;
        string path =
            (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(d => Path.Combine(d, program))
                .FirstOrDefault(File.Exists)
            ?? throw new CliException(
                $"error getting credentials - err: exec: \"{program}\": executable file not found in $PATH, out: ``"
            );
        var variables = Environment.GetEnvironmentVariables();
        var (inRead, inWrite) = FdIo.Pipe();
        var (outRead, outWrite) = FdIo.Pipe();
        using (outRead)
        {
            SpawnedProcess process;
            using (inWrite)
            {
                using (inRead)
                using (outWrite)
                using (var errors = Fd.CopyOf(2))
                    process = ProcessSpawner.Start(
                        new SpawnRequest
                        {
                            Path = path,
                            Arguments = [program, verb],
                            Environment = [.. variables.Keys.Cast<string>().Select(k => $"{k}={variables[k]}")],
                            Descriptors = [inRead, outWrite, errors],
                        }
                    );
                // Less than a pipe holds: it is there whether or not the program reads it.
                FdIo.TryWrite(inWrite, Encoding.UTF8.GetBytes(input + "\n"), out _);
            }
            using (process.Pidfd)
            {
                string output = ReadAll(outRead);
                return (Pidfd.Reap(process.Pidfd).ShellCode, output);
            }
        }
    }

    static string ReadAll(Fd pipe)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = FdIo.TryRead(pipe, buffer, out _)) > 0)
            if (all.Length < LongestAnswer)
                all.Write(buffer, 0, count);
        return Encoding.UTF8.GetString(all.ToArray());
    }
}
