// The language of --format: Go's text/template.
namespace Skiff.Cli.Output;

/// <summary>
/// {{.Field.Field}}, {{json .X}}, {{range $k, $v := .X}} {{else}} {{end}} with break and continue, {{if}} {{else if}},
/// {{with}}, {{$x := ...}}, {{define}} {{template}} {{block}}, pipes, and the functions of <see cref="GoFunctions"/>.
/// Failures read "template: NAME:LINE:COLUMN: ..." as Go's do.
/// </summary>
internal sealed class GoTemplate
{
    internal string Name { get; }
    internal string Source { get; }
    internal List<Node> Nodes { get; }

    /// <summary>By {{define}} and {{block}}.</summary>
    internal IReadOnlyDictionary<string, List<Node>> Definitions { get; }

    GoTemplate(string name, string source, List<Node> nodes, IReadOnlyDictionary<string, List<Node>> definitions)
    {
        Name = name;
        Source = source;
        Nodes = nodes;
        Definitions = definitions;
    }

    /// <param name="name">stands in failures</param>
    /// <exception cref="FormatException">no template</exception>
    public static GoTemplate Parse(string text, string name = "")
    {
        var parser = new GoTemplateParser(text, name);
        return new GoTemplate(name, text, parser.ParseAll(), parser.Definitions);
    }

    /// <param name="header">the functions that change a value leave it alone: for the heading of a table</param>
    /// <exception cref="FormatException">a field is missing, or a function was misused</exception>
    public string Run(object? dot, bool header = false)
    {
        var evaluation = new GoEvaluation(this, dot, header);
        evaluation.Run(Nodes, dot);
        return evaluation.Text;
    }

    internal abstract record Node;

    internal sealed record TextNode(string Text) : Node;

    internal sealed record ActionNode(Pipeline Pipeline) : Node;

    /// <summary>Kind: "if", "with" or "range".</summary>
    internal sealed record BlockNode(string Kind, Pipeline Pipeline, List<Node> Body, List<Node> Else) : Node;

    /// <summary>"break" or "continue".</summary>
    internal sealed record LoopNode(string Kind) : Node;

    /// <summary>Pipeline null: no data.</summary>
    internal sealed record TemplateNode(string Name, Pipeline? Pipeline, int At) : Node;

    /// <summary>Variables are set (Declares) or changed to the value of the last command.</summary>
    internal sealed record Pipeline(List<string> Variables, bool Declares, List<Command> Commands);

    /// <summary>At, Text: where it stands in the source, for failures.</summary>
    internal sealed record Command(List<Operand> Operands, int At, string Text);

    internal abstract record Operand(int At, string Text);

    internal sealed record LiteralOperand(object? Value, int At, string Text) : Operand(At, Text);

    internal sealed record FunctionOperand(string Name, int At, string Text) : Operand(At, Text);

    /// <summary>Base: null for the dot, "$" or "$name"; or a parenthesised pipeline.</summary>
    internal sealed record FieldOperand(string? Variable, Pipeline? Inner, List<string> Fields, int At, string Text)
        : Operand(At, Text);
}
