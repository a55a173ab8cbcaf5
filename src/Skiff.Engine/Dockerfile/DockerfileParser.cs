// Text -> instructions: directives, comments, continuation lines, flags, heredocs.
using System.Text;
using System.Text.RegularExpressions;

namespace Skiff.Engine.Dockerfile;

/// <summary>Docs: Dockerfile reference, Format and Parser directives. Messages are BuildKit's.</summary>
internal static partial class DockerfileParser
{
    internal const int MaxBytes = 4 << 20;

    internal static readonly string[] Keywords =
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ];

    /// <exception cref="EngineException">InvalidParameter, naming the line</exception>
    internal static ParsedDockerfile Parse(string text)
    {
        if (text.Length > MaxBytes)
            throw EngineException.Invalid($"the Dockerfile is longer than {MaxBytes} bytes");
        string[] lines = text.TrimStart('\uFEFF').Split('\n');
        for (int i = 0; i < lines.Length; i++)
            lines[i] = lines[i].TrimEnd('\r');
        var directives = Directives(lines, out int next);
        char escape = directives.GetValueOrDefault("escape", "\\") switch
        {
            "\\" => '\\',
            "`" => '`',
            var other => throw new DockerfileException(1, $"invalid escape token '{other}' does not match ` or \\"),
        };
        var instructions = new List<Instruction>();
        var empty = new List<int>();
        while (next < lines.Length)
        {
            int first = next;
            string? logical = Logical(lines, ref next, escape, empty, out first);
            if (logical is null)
                break;
            instructions.Add(Read(logical, first + 1, lines, ref next));
        }
        if (instructions.Count == 0)
            throw text.Trim().Length == 0
                ? EngineException.Invalid("the Dockerfile cannot be empty")
                : new DockerfileException(1, "file with no instructions");
        return new ParsedDockerfile(instructions, escape, directives, empty);
    }

    /// <summary>One instruction without heredocs: that of an ONBUILD, or a --change.</summary>
    internal static Instruction ParseLine(string line, int number)
    {
        int next = 0;
        return Read(line.Trim(), number, [], ref next);
    }

    internal static EngineException Error(int line, string message) =>
        new DockerfileException(line, $"dockerfile parse error on line {line}: {message}");

    static Dictionary<string, string> Directives(string[] lines, out int next)
    {
        var directives = new Dictionary<string, string>(StringComparer.Ordinal);
        for (next = 0; next < lines.Length; next++)
        {
            var match = Directive().Match(lines[next]);
            string name = match.Success ? match.Groups[1].Value.ToLowerInvariant() : "";
            if (name is not ("syntax" or "escape" or "check"))
                break;
            if (!directives.TryAdd(name, match.Groups[2].Value.Trim()))
                throw new DockerfileException(next + 1, $"only one {name} parser directive can be used");
        }
        return directives;
    }

    /// <summary>The next instruction's line, continuations joined; null at the end. Comments may stand in between.</summary>
    static string? Logical(string[] lines, ref int next, char escape, List<int> empty, out int first)
    {
        var joined = new StringBuilder();
        first = -1;
        while (next < lines.Length)
        {
            string line = lines[next++];
            string trimmed = line.TrimStart();
            if (trimmed.StartsWith('#') || trimmed.Length == 0)
            {
                if (trimmed.Length == 0 && first >= 0)
                    empty.Add(next);
                continue;
            }
            if (first < 0)
            {
                first = next - 1;
                line = trimmed;
            }
            string bare = line.TrimEnd();
            if (bare.EndsWith(escape) && !(bare.Length > 1 && bare[^2] == escape && escape == '`'))
            {
                joined.Append(bare, 0, bare.Length - 1);
                continue;
            }
            joined.Append(line);
            break;
        }
        return first < 0 ? null : joined.ToString().Trim();
    }

    static Instruction Read(string line, int number, string[] lines, ref int next)
    {
        int space = line.AsSpan().IndexOfAny(" \t");
        string keyword = (space < 0 ? line : line[..space]).ToUpperInvariant();
        if (!Keywords.Contains(keyword))
            throw Error(number, $"unknown instruction: {(space < 0 ? line : line[..space])}{Suggestion(keyword)}");
        string rest = space < 0 ? "" : line[space..].Trim();
        string text = rest.Length > 0 ? $"{keyword} {rest}" : keyword;
        var flags = keyword is "ENV" or "LABEL" or "ARG" or "CMD" or "ENTRYPOINT" or "SHELL" or "ONBUILD" ? [] : Flags(ref rest);
        var heredocs = keyword is "RUN" or "COPY" or "ADD" ? Heredocs(rest, lines, ref next, number) : [];
        if (rest.Length == 0 && keyword is not ("CMD" or "ENTRYPOINT"))
            throw Error(
                number,
                $"{keyword} requires {(keyword is "FROM" ? "either one or three arguments" : keyword is "MAINTAINER" or "WORKDIR" or "USER" or "STOPSIGNAL" ? "exactly one argument" : "at least one argument")}"
            );
        return new Instruction(keyword, flags, rest, heredocs, number, space < 0 ? line : line[..space], text);
    }

    static List<InstructionFlag> Flags(ref string rest)
    {
        var flags = new List<InstructionFlag>();
        while (rest.StartsWith("--", StringComparison.Ordinal) && rest.Length > 2 && rest[2] is not (' ' or '\t'))
        {
            int end = WordEnd(rest);
            string word = rest[..end];
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            flags.Add(equals < 0 ? new(word[2..], null) : new(word[2..equals], Unquoted(word[(equals + 1)..])));
            rest = rest[end..].TrimStart();
        }
        return flags;
    }

    static int WordEnd(string text)
    {
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            if (quote != '\0')
                quote = text[i] == quote ? '\0' : quote;
            else if (text[i] is '"' or '\'')
                quote = text[i];
            else if (text[i] is ' ' or '\t')
                return i;
        }
        return text.Length;
    }

    static string Unquoted(string value) =>
        value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;

    static List<Heredoc> Heredocs(string rest, string[] lines, ref int next, int number)
    {
        var heredocs = new List<Heredoc>();
        foreach (Match match in HeredocStart().Matches(rest))
        {
            bool chomp = match.Groups["chomp"].Length > 0;
            string quoted = match.Groups["name"].Value;
            string name = quoted.Trim('"', '\'');
            var content = new StringBuilder();
            bool ended = false;
            while (next < lines.Length)
            {
                string line = chomp ? lines[next].TrimStart('\t') : lines[next];
                next++;
                if (line == name)
                {
                    ended = true;
                    break;
                }
                content.Append(line).Append('\n');
            }
            if (!ended)
                throw new DockerfileException(number, $"unterminated heredoc {name}");
            heredocs.Add(new Heredoc(name, content.ToString(), Expand: quoted == name));
        }
        return heredocs;
    }

    /// <summary>A keyword that differs by one or two letters.</summary>
    static string Suggestion(string word)
    {
        string? near = Keywords
            .Select(k => (k, Distance(k, word)))
            .Where(k => k.Item2 <= 2)
            .OrderBy(k => k.Item2)
            .FirstOrDefault()
            .k;
        return near is null ? "" : $" (did you mean {near}?)";
    }

    internal static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = cost;
            }
        }
        return row[b.Length];
    }

    [GeneratedRegex(@"^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"(?<=^|\s)\d*<<(?<chomp>-?)(?<name>""[^""<]+""|'[^'<]+'|[A-Za-z_][A-Za-z0-9_.]*)(?=\s|$|[;)&|>])")]
    private static partial Regex HeredocStart();
}
