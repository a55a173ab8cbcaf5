// The language of --format: parsing.
using System.Text;

namespace Skiff.Cli.Output;

internal sealed class GoTemplateParser(string text, string name)
{
    int at;
    readonly Dictionary<string, List<GoTemplate.Node>> definitions = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, List<GoTemplate.Node>> Definitions => definitions;

    public List<GoTemplate.Node> ParseAll()
    {
        var nodes = ParseNodes(out string? closing);
        return closing is null ? nodes : throw Error($"unexpected {{{{{closing}}}}}");
    }

    List<GoTemplate.Node> ParseNodes(out string? closing)
    {
        var nodes = new List<GoTemplate.Node>();
        while (true)
        {
            int open = text.IndexOf("{{", at, StringComparison.Ordinal);
            string literal = open < 0 ? text[at..] : text[at..open];
            if (trimNext)
                literal = literal.TrimStart();
            if (open < 0)
            {
                if (literal.Length > 0)
                    nodes.Add(new GoTemplate.TextNode(literal));
                at = text.Length;
                closing = null;
                return nodes;
            }
            at = open + 2;
            if (at + 1 < text.Length && text[at] == '-' && char.IsWhiteSpace(text[at + 1]))
            {
                at++;
                literal = literal.TrimEnd();
            }
            if (literal.Length > 0)
                nodes.Add(new GoTemplate.TextNode(literal));
            SkipSpace();
            if (text.AsSpan(at).StartsWith("/*"))
            {
                int end = text.IndexOf("*/", at, StringComparison.Ordinal);
                if (end < 0)
                    throw Error("unclosed comment");
                at = end + 2;
                Close();
                continue;
            }
            string word = PeekWord();
            switch (word)
            {
                case "end":
                case "else":
                    at += word.Length;
                    closing = word;
                    if (word == "end")
                        Close();
                    return nodes;
                case "if":
                case "with":
                case "range":
                    at += word.Length;
                    nodes.Add(ParseBlock(word));
                    break;
                case "break":
                case "continue":
                    if (loops == 0)
                        throw Error($"{{{{{word}}}}} outside {{{{range}}}}");
                    at += word.Length;
                    nodes.Add(new GoTemplate.LoopNode(word));
                    Close();
                    break;
                case "define":
                case "block":
                case "template":
                    at += word.Length;
                    if (ParseTemplate(word) is { } node)
                        nodes.Add(node);
                    break;
                default:
                    nodes.Add(new GoTemplate.ActionNode(ParsePipeline("command")));
                    Close();
                    break;
            }
        }
    }

    // White space after the last action goes: it ended with -}}.
    bool trimNext;
    int loops;

    GoTemplate.BlockNode ParseBlock(string kind)
    {
        var pipeline = ParsePipeline(kind);
        Close();
        if (kind == "range")
            loops++;
        var body = ParseNodes(out string? closing);
        if (kind == "range")
            loops--;
        List<GoTemplate.Node> otherwise = [];
        if (closing == "else")
        {
            SkipSpace();
            string word = PeekWord();
            if (word is "if" or "with")
            {
                at += word.Length;
                otherwise = [ParseBlock(word)];
                return new GoTemplate.BlockNode(kind, pipeline, body, otherwise);
            }
            Close();
            otherwise = ParseNodes(out closing);
        }
        return closing == "end" ? new GoTemplate.BlockNode(kind, pipeline, body, otherwise) : throw Error("unexpected EOF");
    }

    /// <summary>{{template "name" pipeline}}; {{define "name"}} body {{end}}, which leaves nothing; {{block}} is both.</summary>
    GoTemplate.TemplateNode? ParseTemplate(string kind)
    {
        SkipSpace();
        int start = at;
        if (at >= text.Length || text[at] is not ('"' or '`'))
            throw Error($"unexpected \"{(at < text.Length ? text[at] : "EOF")}\" in {kind} clause");
        string called = TakeString(text[at]);
        SkipSpace();
        var pipeline = kind == "define" || AtClose() ? null : ParsePipeline(kind);
        Close();
        if (kind != "template")
        {
            definitions[called] = ParseNodes(out string? closing);
            if (closing != "end")
                throw Error("unexpected EOF");
        }
        return kind == "define" ? null : new GoTemplate.TemplateNode(called, pipeline, start);
    }

    GoTemplate.Pipeline ParsePipeline(string context)
    {
        var variables = new List<string>();
        bool declares = false;
        int before = at;
        SkipSpace();
        while (at < text.Length && text[at] == '$')
        {
            at++;
            variables.Add("$" + TakeName());
            SkipSpace();
            if (at < text.Length && text[at] == ',')
            {
                at++;
                SkipSpace();
                continue;
            }
            break;
        }
        if (variables.Count > 0 && text.AsSpan(at).StartsWith(":="))
        {
            declares = true;
            at += 2;
        }
        else if (variables.Count > 0 && at < text.Length && text[at] == '=')
            at++;
        else
        {
            at = before;
            variables.Clear();
        }
        var commands = new List<GoTemplate.Command>();
        do
        {
            commands.Add(ParseCommand(context));
            SkipSpace();
        } while (Take('|'));
        return new GoTemplate.Pipeline(variables, declares, commands);
    }

    GoTemplate.Command ParseCommand(string context)
    {
        var operands = new List<GoTemplate.Operand>();
        while (true)
        {
            SkipSpace();
            if (at >= text.Length)
                throw Error("unclosed action");
            char c = text[at];
            if (c is '|' or ')' or '}' || AtClose())
                break;
            operands.Add(ParseOperand(c));
        }
        if (operands.Count == 0)
            throw Error($"missing value for {context}");
        int start = operands[0].At;
        // A chain's own place is its second field: the command's is where it begins.
        int first = operands[0] is GoTemplate.FieldOperand { Fields.Count: > 1 } chain
            ? text.LastIndexOf(chain.Text, Math.Min(start + chain.Text.Length, text.Length - 1), StringComparison.Ordinal)
            : start;
        return new GoTemplate.Command(operands, start, text[Math.Max(first, 0)..at].TrimEnd());
    }

    GoTemplate.Operand ParseOperand(char c)
    {
        int start = at;
        switch (c)
        {
            case '.':
                return Chain(start, null, null);
            case '$':
                at++;
                string variable = "$" + TakeName();
                return Chain(start, variable, null);
            case '(':
                at++;
                var inner = ParsePipeline("parenthesized pipeline");
                SkipSpace();
                if (!Take(')'))
                    throw Error("unclosed left paren");
                return Chain(start, null, inner);
            case '"':
            case '`':
                return new GoTemplate.LiteralOperand(TakeString(c), start, text[start..at]);
            case '\'':
                string character = TakeString(c);
                var rune = character.EnumerateRunes().ToList();
                return rune.Count == 1
                    ? new GoTemplate.LiteralOperand((long)rune[0].Value, start, text[start..at])
                    : throw Error($"malformed character constant: {text[start..at]}");
            case var _ when char.IsAsciiDigit(c) || c is '-' or '+':
                at++;
                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.'))
                    at++;
                return new GoTemplate.LiteralOperand(
                    GoFunctions.Number(text[start..at]) ?? throw Error($"bad number syntax: \"{text[start..at]}\""),
                    start,
                    text[start..at]
                );
            default:
                string word = TakeName();
                return word switch
                {
                    "true" => new GoTemplate.LiteralOperand(true, start, word),
                    "false" => new GoTemplate.LiteralOperand(false, start, word),
                    "nil" => new GoTemplate.LiteralOperand(null, start, word),
                    "" => throw Error($"unexpected \"{c}\" in operand"),
                    _ => GoFunctions.Knows(word)
                        ? new GoTemplate.FunctionOperand(word, start, word)
                        : throw Error($"function \"{word}\" not defined"),
                };
        }
    }

    GoTemplate.FieldOperand Chain(int start, string? variable, GoTemplate.Pipeline? inner)
    {
        int place = start;
        var fields = new List<string>();
        while (at < text.Length && text[at] == '.')
        {
            // As Go has it, a chain of fields stands where its second field does.
            if (fields.Count == 1)
                place = at;
            at++;
            string field = TakeName();
            if (field.Length > 0)
                fields.Add(field);
        }
        return new GoTemplate.FieldOperand(variable, inner, fields, place, text[start..at]);
    }

    string TakeString(char quote)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            char c = text[at];
            if (c == quote)
            {
                at++;
                return value.ToString();
            }
            if (c == '\n' && quote != '`')
                break;
            if (c != '\\' || quote == '`')
            {
                value.Append(c);
                continue;
            }
            if (++at == text.Length)
                break;
            value.Append(
                text[at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\a',
                    'b' => '\b',
                    'f' => '\f',
                    'v' => '\v',
                    var other => other,
                }
            );
        }
        throw Error(quote == '\'' ? "unterminated character constant" : "unterminated quoted string");
    }

    string PeekWord()
    {
        int end = at;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
            end++;
        return text[at..end];
    }

    string TakeName()
    {
        string word = PeekWord();
        at += word.Length;
        return word;
    }

    bool Take(char wanted)
    {
        if (at >= text.Length || text[at] != wanted)
            return false;
        at++;
        return true;
    }

    void SkipSpace()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }

    bool AtClose() => text.AsSpan(at).StartsWith("}}") || text.AsSpan(at).StartsWith("-}}");

    /// <summary>Takes the end of an action, and notes whether it trims the text after it.</summary>
    void Close()
    {
        SkipSpace();
        trimNext = at < text.Length && text[at] == '-';
        if (trimNext)
            at++;
        if (!text.AsSpan(at).StartsWith("}}"))
            throw Error("unclosed action");
        at += 2;
    }

    FormatException Error(string what) =>
        new($"template: {name}:{1 + text.AsSpan(0, Math.Min(at, text.Length)).Count('\n')}: {what}");
}
