// The Dockerfile instructions that `import --change` takes.
using System.Text;
using System.Text.Json;
using Skiff.Oci.Images;

namespace Skiff.Engine.Images;

static class ImportChanges
{
    const int MaxPorts = 65536;

    /// <summary>Applies the instructions in order. Docker's texts where clients show them.</summary>
    /// <exception cref="EngineException">InvalidParameter, naming the instruction; NotImplemented: HEALTHCHECK</exception>
    public static ImageRunConfig Apply(ImageRunConfig config, IEnumerable<string> changes)
    {
        foreach (string change in changes)
            config = Apply(config, change.Trim());
        return config;
    }

    static ImageRunConfig Apply(ImageRunConfig config, string change)
    {
        int space = change.IndexOfAny([' ', '\t']);
        string instruction = (space < 0 ? change : change[..space]).ToUpperInvariant();
        string rest = space < 0 ? "" : change[space..].Trim();
        if (rest.Length == 0)
            throw EngineException.Invalid($"{instruction} requires at least one argument");
        return instruction switch
        {
            "CMD" => config with { Cmd = Command(rest) },
            "ENTRYPOINT" => config with { Entrypoint = Command(rest) },
            "ENV" => config with { Env = Pairs(rest, instruction).Aggregate(config.Env ?? [], SetVariable) },
            "LABEL" => config with { Labels = Merged(config.Labels, Pairs(rest, instruction)) },
            "EXPOSE" => config with { ExposedPorts = Added(config.ExposedPorts, Words(rest).SelectMany(Ports)) },
            "VOLUME" => config with { Volumes = Added(config.Volumes, JsonList(rest) ?? Words(rest)) },
            "USER" => config with { User = rest },
            "WORKDIR" => config with { WorkingDir = Path.GetFullPath(Path.Combine("/", config.WorkingDir ?? "", rest)) },
            "STOPSIGNAL" => config with { StopSignal = rest },
            "ONBUILD" => config with { OnBuild = [.. config.OnBuild ?? [], rest] },
            "HEALTHCHECK" => throw EngineException.NotImplemented(
                "HEALTHCHECK is not supported in a change: set it when the container is created"
            ),
            _ => throw EngineException.Invalid($"{instruction} is not a valid change command"),
        };
    }

    static IReadOnlyList<string> Command(string rest) => JsonList(rest) ?? ["/bin/sh", "-c", rest];

    // ["a", "b"]; anything that is not quite that is taken as a line for the shell, as in a Dockerfile.
    static List<string>? JsonList(string text)
    {
        if (!text.StartsWith('['))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
                ? [.. document.RootElement.EnumerateArray().Select(e => e.GetString()!)]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // "a=b c='d e'", or the old form with one name: "a the rest".
    static List<(string Name, string Value)> Pairs(string rest, string instruction)
    {
        var words = Words(rest);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            int space = rest.IndexOfAny([' ', '\t']);
            if (space < 0)
                throw EngineException.Invalid($"{instruction} must have two arguments");
            return [(rest[..space], rest[space..].Trim())];
        }
        var pairs = new List<(string, string)>();
        foreach (string word in words)
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw EngineException.Invalid($"syntax error: can't find = in \"{word}\": must be of the form name=value");
            pairs.Add((word[..equals], word[(equals + 1)..]));
        }
        return pairs;
    }

    static IReadOnlyList<string> SetVariable(IReadOnlyList<string> env, (string Name, string Value) pair)
    {
        string prefix = pair.Name + "=";
        string variable = prefix + pair.Value;
        return env.Any(v => v.StartsWith(prefix, StringComparison.Ordinal))
            ? [.. env.Select(v => v.StartsWith(prefix, StringComparison.Ordinal) ? variable : v)]
            : [.. env, variable];
    }

    static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string>? labels, List<(string Name, string Value)> pairs)
    {
        var merged = new Dictionary<string, string>(labels ?? new Dictionary<string, string>());
        foreach (var (name, value) in pairs)
            merged[name] = value;
        return merged;
    }

    static Dictionary<string, EmptyObject> Added(IReadOnlyDictionary<string, EmptyObject>? set, IEnumerable<string> members)
    {
        var added = new Dictionary<string, EmptyObject>(set ?? new Dictionary<string, EmptyObject>());
        foreach (string member in members)
            added[member] = new EmptyObject();
        return added;
    }

    // "80", "80/udp", "8000-8010/tcp"
    static IEnumerable<string> Ports(string word)
    {
        int slash = word.IndexOf('/', StringComparison.Ordinal);
        string protocol = slash < 0 ? "tcp" : word[(slash + 1)..].ToLowerInvariant();
        string[] ends = (slash < 0 ? word : word[..slash]).Split('-');
        if (
            protocol is not ("tcp" or "udp" or "sctp")
            || ends.Length > 2
            || !ushort.TryParse(ends[0], out ushort first)
            || !ushort.TryParse(ends[^1], out ushort last)
            || last < first
        )
            throw EngineException.Invalid($"invalid containerPort: {word}");
        return Enumerable.Range(first, Math.Min(last - first + 1, MaxPorts)).Select(p => $"{p}/{protocol}");
    }

    // Words with quotes and backslashes as in a shell, without expansions.
    static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c is ' ' or '\t')
            {
                if (inWord)
                    words.Add(word.ToString());
                word.Clear();
                inWord = false;
                continue;
            }
            inWord = true;
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                word.Append(text[++i]);
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else if (quote == '\0' && c is '"' or '\'')
                quote = c;
            else
                word.Append(c);
        }
        if (inWord)
            words.Add(word.ToString());
        return words;
    }
}
