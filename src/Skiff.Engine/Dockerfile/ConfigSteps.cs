// The instructions that change an image's configuration and none of its files; of WORKDIR, what it changes there.
using System.Globalization;
using Skiff.Oci.Images;

namespace Skiff.Engine.Dockerfile;

/// <summary>Docs: Dockerfile reference. What they write into the history is BuildKit's.</summary>
internal static class ConfigSteps
{
    const int MaxPorts = 65536;

    /// <param name="ownCommand">the stage has set a CMD of its own: an ENTRYPOINT leaves it</param>
    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    /// <exception cref="FormatException">of the expansion</exception>
    internal static (ImageRunConfig Config, string CreatedBy) Apply(
        ImageRunConfig config,
        Instruction instruction,
        Expansion expansion,
        bool ownCommand
    )
    {
        string rest = instruction.Arguments;
        switch (instruction.Keyword)
        {
            case "ENV":
                var variables = Pairs(instruction, expansion);
                return (config with { Env = variables.Aggregate(config.Env ?? [], WithVariable) }, "ENV" + Text(variables));
            case "LABEL":
                var labels = Pairs(instruction, expansion);
                var merged = new Dictionary<string, string>(config.Labels ?? new Dictionary<string, string>());
                foreach (var (name, value) in labels)
                    merged[name] = value;
                return (config with { Labels = merged }, "LABEL" + Text(labels));
            case "CMD":
                var command = Command(instruction, config);
                return (config with { Cmd = command, ArgsEscaped = true }, $"CMD {JsonForm.Write(command)}");
            case "ENTRYPOINT":
                var entrypoint = Command(instruction, config);
                return (
                    config with
                    {
                        Entrypoint = entrypoint,
                        Cmd = ownCommand ? config.Cmd : null,
                    },
                    $"ENTRYPOINT {JsonForm.Write(entrypoint)}"
                );
            case "EXPOSE":
                var ports = expansion
                    .Words(rest)
                    .SelectMany(word => Ports(word, instruction))
                    .Order(StringComparer.Ordinal)
                    .ToList();
                return (config with { ExposedPorts = Added(config.ExposedPorts, ports) }, $"EXPOSE [{string.Join(' ', ports)}]");
            case "VOLUME":
                var volumes = (instruction.Json?.Select(expansion.Word) ?? expansion.Words(rest)).Select(v => v.Trim()).ToList();
                if (volumes.Count == 0 || volumes.Contains(""))
                    throw instruction.Error("VOLUME specified can not be an empty string");
                return (config with { Volumes = Added(config.Volumes, volumes) }, $"VOLUME [{string.Join(' ', volumes)}]");
            case "USER":
                string user = One(instruction, expansion);
                return (config with { User = user }, $"USER {user}");
            case "WORKDIR":
                string given = expansion.Word(rest);
                if (given.Length == 0)
                    throw instruction.Error("WORKDIR requires exactly one argument");
                string directory = Path.GetFullPath(Path.Combine("/", config.WorkingDir ?? "", given));
                return (config with { WorkingDir = directory }, $"WORKDIR {directory}");
            case "STOPSIGNAL":
                string signal = One(instruction, expansion);
                if (Skiff.Linux.Processes.Signals.TryParse(signal) is null)
                    throw instruction.Error($"invalid signal: {signal}");
                return (config with { StopSignal = signal }, $"STOPSIGNAL {signal}");
            case "SHELL":
                return (config with { Shell = instruction.Json }, $"SHELL [{string.Join(' ', instruction.Json!)}]");
            case "ONBUILD":
                return (config with { OnBuild = [.. config.OnBuild ?? [], rest] }, $"ONBUILD {rest}");
            case "HEALTHCHECK":
                return (config with { Healthcheck = Healthcheck(instruction) }, instruction.Text);
            default:
                throw new InvalidOperationException($"{instruction.Keyword} changes more than the configuration");
        }
    }

    /// <summary>What an ARG declares.</summary>
    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static IEnumerable<(string Name, string? Value)> Arguments(Instruction instruction, Expansion expansion)
    {
        foreach (string word in Split(instruction.Arguments))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            yield return (expansion.Word(name), equals < 0 ? null : expansion.Word(word[(equals + 1)..]));
        }
    }

    /// <summary>A command line of either form: the shell form is run by the shell of the image.</summary>
    internal static IReadOnlyList<string> Command(Instruction instruction, ImageRunConfig config) =>
        instruction.Json ?? [.. config.Shell ?? ["/bin/sh", "-c"], instruction.Arguments];

    internal static string? Variable(IReadOnlyList<string>? environment, string name) =>
        environment?.LastOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    static string Text(IEnumerable<(string Name, string Value)> pairs) =>
        string.Concat(pairs.Select(p => $" {p.Name}={p.Value}"));

    static string One(Instruction instruction, Expansion expansion) => expansion.Word(Split(instruction.Arguments)[0]);

    /// <summary>`a=b "c d"=e`, or the old form with one name: `a the rest`.</summary>
    static List<(string Name, string Value)> Pairs(Instruction instruction, Expansion expansion)
    {
        string rest = instruction.Arguments;
        var words = Split(rest);
        if (!words[0].Contains('=', StringComparison.Ordinal))
            return [(expansion.Word(words[0]), expansion.Word(rest[words[0].Length..].Trim()))];
        var pairs = new List<(string, string)>();
        foreach (string word in words)
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            pairs.Add((expansion.Word(word[..equals]), expansion.Word(word[(equals + 1)..])));
        }
        return pairs;
    }

    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static void CheckPairs(Instruction instruction)
    {
        var words = Split(instruction.Arguments);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            if (words.Count < 2)
                throw instruction.Error($"{instruction.Keyword} must have two arguments");
            return;
        }
        foreach (string word in words)
        {
            if (!word.Contains('=', StringComparison.Ordinal))
                throw instruction.Error($"Syntax error - can't find = in \"{word}\". Must be of the form: name=value");
            if (word[..word.IndexOf('=', StringComparison.Ordinal)].Trim('"', '\'').Length == 0)
                throw instruction.ParseError($"{instruction.Keyword} names can not be blank");
        }
    }

    /// <summary>At blanks that are not in quotes; quotes and escapes stay.</summary>
    internal static List<string> Split(string text)
    {
        var words = new List<string>();
        int start = -1;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c is ' ' or '\t')
            {
                if (start >= 0)
                    words.Add(text[start..i]);
                start = -1;
                continue;
            }
            if (start < 0)
                start = i;
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                i++;
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else if (quote == '\0' && c is '"' or '\'')
                quote = c;
        }
        if (start >= 0)
            words.Add(text[start..]);
        return words;
    }

    static IReadOnlyList<string> WithVariable(IReadOnlyList<string> env, (string Name, string Value) pair)
    {
        string prefix = pair.Name + "=";
        string variable = prefix + pair.Value;
        return env.Any(v => v.StartsWith(prefix, StringComparison.Ordinal))
            ? [.. env.Select(v => v.StartsWith(prefix, StringComparison.Ordinal) ? variable : v)]
            : [.. env, variable];
    }

    static Dictionary<string, EmptyObject> Added(IReadOnlyDictionary<string, EmptyObject>? set, IEnumerable<string> members)
    {
        var added = new Dictionary<string, EmptyObject>(set ?? new Dictionary<string, EmptyObject>());
        foreach (string member in members)
            added[member] = new EmptyObject();
        return added;
    }

    /// <summary>"80", "80/udp", "8000-8010/tcp"</summary>
    static IEnumerable<string> Ports(string word, Instruction instruction)
    {
        int slash = word.IndexOf('/', StringComparison.Ordinal);
        string protocol = slash < 0 ? "tcp" : word[(slash + 1)..].ToLowerInvariant();
        string[] ends = (slash < 0 ? word : word[..slash]).Split('-');
        if (protocol is not ("tcp" or "udp" or "sctp"))
            throw instruction.Error($"invalid port: \"{word}\": invalid proto: {protocol}");
        if (
            ends.Length > 2
            || !ushort.TryParse(ends[0], CultureInfo.InvariantCulture, out ushort first)
            || !ushort.TryParse(ends[^1], CultureInfo.InvariantCulture, out ushort last)
            || last < first
        )
            throw instruction.Error($"invalid containerPort: {word}");
        return Enumerable.Range(first, Math.Min(last - first + 1, MaxPorts)).Select(p => $"{p}/{protocol}");
    }

    internal static ImageHealthcheck Healthcheck(Instruction instruction)
    {
        int space = instruction.Arguments.AsSpan().IndexOfAny(" \t");
        string kind = (space < 0 ? instruction.Arguments : instruction.Arguments[..space]).ToUpperInvariant();
        string rest = space < 0 ? "" : instruction.Arguments[space..].Trim();
        if (kind == "NONE")
            return rest.Length == 0
                ? new ImageHealthcheck { Test = ["NONE"] }
                : throw instruction.ParseError("HEALTHCHECK NONE takes no arguments");
        if (kind != "CMD")
            throw instruction.ParseError($"Unknown type \"{kind}\" in HEALTHCHECK (try CMD)");
        if (rest.Length == 0)
            throw instruction.ParseError("missing command after HEALTHCHECK CMD");
        var check = new ImageHealthcheck { Test = JsonForm.TryParse(rest) is { } exec ? ["CMD", .. exec] : ["CMD-SHELL", rest] };
        foreach (var (name, value) in instruction.Flags)
            check = name switch
            {
                "interval" => check with { Interval = Duration(name, value) },
                "timeout" => check with { Timeout = Duration(name, value) },
                "start-period" => check with { StartPeriod = Duration(name, value) },
                "start-interval" => check with { StartInterval = Duration(name, value) },
                "retries" => check with
                {
                    Retries =
                        int.TryParse(value, CultureInfo.InvariantCulture, out int retries) && retries >= 0
                            ? retries
                            : throw instruction.ParseError($"--retries cannot be \"{value}\": it must be a number from 0 up"),
                },
                _ => throw instruction.ParseError($"unknown flag: --{name}"),
            };
        return check;

        long? Duration(string name, string? text)
        {
            if (string.IsNullOrEmpty(text))
                return null;
            long? nanoseconds = GoDuration.TryParse(text);
            return nanoseconds is 0 or >= 1_000_000
                ? nanoseconds
                : throw instruction.ParseError(
                    $"--{name} cannot be \"{text}\": it must be a duration of at least 1ms, as \"30s\" or \"1m30s\""
                );
        }
    }
}
