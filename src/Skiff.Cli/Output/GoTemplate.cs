// The language of --format: the part of Go's text/template that people use. Parsing.
using System.Text;

namespace Skiff.Cli.Output;

/// <summary>
/// {{.Field.Field}}, {{json .X}}, {{range $k, $v := .X}} {{else}} {{end}}, {{if}} {{else if}} {{end}}, {{with}},
/// {{$x := ...}}, pipes, and the functions of <see cref="GoFunctions"/>.
/// </summary>
internal sealed class GoTemplate
{
    readonly List<Node> nodes;

    GoTemplate(List<Node> nodes) => this.nodes = nodes;

    /// <exception cref="FormatException">no template</exception>
    public static GoTemplate Parse(string text)
    {
        var parser = new GoTemplateParser(text);
        return new GoTemplate(parser.ParseAll());
    }

    /// <exception cref="FormatException">a field is missing, or a function was misused</exception>
    public string Run(object? dot)
    {
        var evaluation = new GoEvaluation(dot);
        evaluation.Run(nodes, dot);
        return evaluation.Text;
    }

    internal abstract record Node;

    internal sealed record TextNode(string Text) : Node;

    internal sealed record ActionNode(Pipeline Pipeline) : Node;

    /// <summary>Kind: "if", "with" or "range".</summary>
    internal sealed record BlockNode(string Kind, Pipeline Pipeline, List<Node> Body, List<Node> Else) : Node;

    /// <summary>Variables are set (Declares) or changed to the value of the last command.</summary>
    internal sealed record Pipeline(List<string> Variables, bool Declares, List<List<Operand>> Commands);

    internal abstract record Operand;

    internal sealed record LiteralOperand(object? Value) : Operand;

    internal sealed record FunctionOperand(string Name) : Operand;

    /// <summary>Base: null for the dot, "$" or "$name"; or a parenthesised pipeline.</summary>
    internal sealed record FieldOperand(string? Variable, Pipeline? Inner, List<string> Fields) : Operand;
}

internal sealed class GoTemplateParser(string text)
{
    int at;

    public List<GoTemplate.Node> ParseAll()
    {
        var nodes = ParseNodes(out string? closing);
        return closing is null ? nodes : throw Error($"unexpected {{{{{closing}}}}}");
    }

    List<GoTemplate.Node> ParseNodes(out string? closing)
    {
        var nodes = new List<GoTemplate.Node>();
        bool trimNext = false;
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
                trimNext = Close();
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
                    trimNext = false;
                    break;
                default:
                    nodes.Add(new GoTemplate.ActionNode(ParsePipeline()));
                    trimNext = Close();
                    break;
            }
        }
    }

    GoTemplate.BlockNode ParseBlock(string kind)
    {
        var pipeline = ParsePipeline();
        Close();
        var body = ParseNodes(out string? closing);
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

    GoTemplate.Pipeline ParsePipeline()
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
        var commands = new List<List<GoTemplate.Operand>>();
        do
        {
            commands.Add(ParseCommand());
            SkipSpace();
        } while (Take('|'));
        return new GoTemplate.Pipeline(variables, declares, commands);
    }

    List<GoTemplate.Operand> ParseCommand()
    {
        var operands = new List<GoTemplate.Operand>();
        while (true)
        {
            SkipSpace();
            if (at >= text.Length)
                throw Error("unclosed action");
            char c = text[at];
            if (c is '|' or ')' or '}' || c == '-' && at + 2 < text.Length && text[at + 1] == '}')
                break;
            operands.Add(ParseOperand(c));
        }
        return operands.Count > 0 ? operands : throw Error("missing value for command");
    }

    GoTemplate.Operand ParseOperand(char c)
    {
        switch (c)
        {
            case '.':
                return new GoTemplate.FieldOperand(null, null, TakeFields());
            case '$':
                at++;
                return new GoTemplate.FieldOperand("$" + TakeName(), null, TakeFields());
            case '(':
                at++;
                var inner = ParsePipeline();
                SkipSpace();
                if (!Take(')'))
                    throw Error("unclosed left paren");
                return new GoTemplate.FieldOperand(null, inner, TakeFields());
            case '"':
            case '`':
                return new GoTemplate.LiteralOperand(TakeString(c));
            case var _ when char.IsAsciiDigit(c) || c is '-' or '+':
                int start = at++;
                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.'))
                    at++;
                return new GoTemplate.LiteralOperand(
                    GoFunctions.Number(text[start..at]) ?? throw Error($"bad number syntax: \"{text[start..at]}\"")
                );
            default:
                string name = TakeName();
                return name switch
                {
                    "true" => new GoTemplate.LiteralOperand(true),
                    "false" => new GoTemplate.LiteralOperand(false),
                    "nil" => new GoTemplate.LiteralOperand(null),
                    "" => throw Error($"unexpected \"{c}\" in operand"),
                    _ => GoFunctions.Knows(name)
                        ? new GoTemplate.FunctionOperand(name)
                        : throw Error($"function \"{name}\" not defined"),
                };
        }
    }

    List<string> TakeFields()
    {
        var fields = new List<string>();
        while (at < text.Length && text[at] == '.')
        {
            at++;
            string name = TakeName();
            if (name.Length > 0)
                fields.Add(name);
        }
        return fields;
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
                    var other => other,
                }
            );
        }
        throw Error("unterminated quoted string");
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
        string name = PeekWord();
        at += name.Length;
        return name;
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

    /// <summary>Takes the end of an action; true if it trims the text after it.</summary>
    bool Close()
    {
        SkipSpace();
        bool trim = at < text.Length && text[at] == '-';
        if (trim)
            at++;
        if (!text.AsSpan(at).StartsWith("}}"))
            throw Error("unclosed action");
        at += 2;
        return trim;
    }

    static FormatException Error(string what) => new("template parsing error: template: :1: " + what);
}
