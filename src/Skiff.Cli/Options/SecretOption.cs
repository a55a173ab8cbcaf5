// --secret id=NAME,src=FILE or env=VARIABLE: what a build's steps may read.
using System.Text;
using Skiff.Cli.Commands;

namespace Skiff.Cli.Options;

internal static class SecretOption
{
    /// <summary>Name to content in base64.</summary>
    /// <exception cref="CliException">a key that is none, or a file that is not there</exception>
    internal static Dictionary<string, string> Read(IEnumerable<string> values)
    {
        var secrets = new Dictionary<string, string>();
        foreach (string text in values)
        {
            var fields = text.Split(',').Select(BuildCommand.Pair).ToDictionary(p => p.Name.ToLowerInvariant(), p => p.Value);
            if (fields.Keys.FirstOrDefault(k => k is not ("id" or "src" or "source" or "env" or "type")) is { } unknown)
                throw new CliException($"unexpected key '{unknown}' in '{text}'");
            string? source = fields.GetValueOrDefault("src") ?? fields.GetValueOrDefault("source");
            string? variable = fields.GetValueOrDefault("env");
            string id = fields.GetValueOrDefault("id") ?? (source is null ? variable : Path.GetFileName(source)) ?? "";
            if (id.Length == 0)
                throw new CliException($"invalid secret {text}: it needs an id");
            if (fields.GetValueOrDefault("type") == "env" || variable is not null)
                secrets[id] = Convert.ToBase64String(
                    Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(variable ?? source ?? id) ?? "")
                );
            else if (source is null && Environment.GetEnvironmentVariable(id) is { } value)
                secrets[id] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
            else
            {
                string path = source ?? id;
                if (!File.Exists(path))
                    throw new CliException($"failed to stat {path}: no such file or directory");
                secrets[id] = Convert.ToBase64String(File.ReadAllBytes(path));
            }
        }
        return secrets;
    }
}
