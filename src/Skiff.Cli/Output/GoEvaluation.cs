// The language of --format: evaluation over JSON, rows and plain values.
using System.Text;
using System.Text.Json;

namespace Skiff.Cli.Output;

/// <summary>What a row offers to a template: its fields by name.</summary>
internal interface ITemplateRow
{
    /// <summary>As failures name it.</summary>
    string TypeName { get; }

    /// <summary>false: no such field.</summary>
    bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value);

    /// <summary>The row as an object.</summary>
    string ToJson();
}

/// <summary>
/// A JSON value with the name of the member it came from, which decides how Go prints it; of a whole document, "" or its
/// type as failures name it ("*events.Message").
/// </summary>
internal readonly record struct GoJson(JsonElement Element, string Name);

internal sealed class GoEvaluation(GoTemplate template, object? root, bool header)
{
    const int MaxDepth = 100;

    enum Flow
    {
        On,
        Break,
        Continue,
    }

    readonly StringBuilder output = new();
    List<(string Name, object? Value)> variables = [("$", root)];
    int depth;

    public string Text => output.ToString();

    public void Run(List<GoTemplate.Node> nodes, object? dot) => Walk(nodes, dot);

    Flow Walk(List<GoTemplate.Node> nodes, object? dot)
    {
        foreach (var node in nodes)
            switch (node)
            {
                case GoTemplate.TextNode text:
                    output.Append(text.Text);
                    break;
                case GoTemplate.ActionNode action:
                    var value = Evaluate(action.Pipeline, dot);
                    if (action.Pipeline.Variables.Count == 0)
                        output.Append(GoFunctions.Print(value));
                    break;
                case GoTemplate.BlockNode block:
                    if (WalkBlock(block, dot) is not Flow.On and var flow)
                        return flow;
                    break;
                case GoTemplate.LoopNode loop:
                    return loop.Kind == "break" ? Flow.Break : Flow.Continue;
                case GoTemplate.TemplateNode call:
                    RunTemplate(call, dot);
                    break;
            }
        return Flow.On;
    }

    Flow WalkBlock(GoTemplate.BlockNode block, object? dot)
    {
        int scope = variables.Count;
        var flow = Flow.On;
        if (block.Kind == "range")
            flow = WalkRange(block, dot);
        else
        {
            var value = Evaluate(block.Pipeline, dot);
            bool truth = GoFunctions.Truth(value);
            flow = Walk(truth ? block.Body : block.Else, truth && block.Kind == "with" ? value : dot);
        }
        variables.RemoveRange(scope, variables.Count - scope);
        return flow;
    }

    Flow WalkRange(GoTemplate.BlockNode block, object? dot)
    {
        var names = block.Pipeline.Variables;
        var value = Evaluate(block.Pipeline with { Variables = [] }, dot);
        int scope = variables.Count;
        bool any = false;
        foreach (var (key, element) in Iterate(value, block.Pipeline.Commands[^1]))
        {
            any = true;
            if (names.Count == 1)
                variables.Add((names[0], element));
            else if (names.Count == 2)
            {
                variables.Add((names[0], key));
                variables.Add((names[1], element));
            }
            var flow = Walk(block.Body, element);
            variables.RemoveRange(scope, variables.Count - scope);
            if (flow == Flow.Break)
                break;
        }
        return any ? Flow.On : Walk(block.Else, dot);
    }

    IEnumerable<(object? Key, object? Value)> Iterate(object? value, GoTemplate.Command command)
    {
        if (value is long count)
            return Enumerable.Range(0, (int)Math.Clamp(count, 0, 1_000_000)).Select(i => ((object?)(long)i, (object?)(long)i));
        return value is string or bool or double or ITemplateRow
            ? throw Failure(command.Operands[0], $"range can't iterate over {GoFunctions.Print(value)}")
            : GoFunctions.Elements(value);
    }

    void RunTemplate(GoTemplate.TemplateNode call, object? dot)
    {
        if (!template.Definitions.TryGetValue(call.Name, out var body))
            throw Failure(call.At, $"{{{{template \"{call.Name}\"}}}}", $"template \"{call.Name}\" not defined");
        if (++depth > MaxDepth)
            throw Failure(call.At, $"{{{{template \"{call.Name}\"}}}}", "exceeded maximum template depth");
        object? data = call.Pipeline is null ? null : Evaluate(call.Pipeline, dot);
        // A template sees no variables but its own data.
        var outer = variables;
        variables = [("$", data)];
        Walk(body, data);
        variables = outer;
        depth--;
    }

    object? Evaluate(GoTemplate.Pipeline pipeline, object? dot)
    {
        object? value = null;
        bool piped = false;
        foreach (var command in pipeline.Commands)
        {
            value = EvaluateCommand(command, dot, piped, value);
            piped = true;
        }
        foreach (string name in pipeline.Variables)
        {
            int index = pipeline.Declares ? -1 : variables.FindLastIndex(v => v.Name == name);
            if (index >= 0)
                variables[index] = (name, value);
            else
                variables.Add((name, value));
        }
        return value;
    }

    object? EvaluateCommand(GoTemplate.Command command, object? dot, bool piped, object? last)
    {
        var first = command.Operands[0];
        var arguments = new List<object?>();
        for (int i = 1; i < command.Operands.Count; i++)
            arguments.Add(EvaluateOperand(command.Operands[i], dot, []));
        if (piped)
            arguments.Add(last);
        if (first is GoTemplate.LiteralOperand { Value: null })
            throw Failure(first, "nil is not a command");
        if (first is not GoTemplate.FunctionOperand function)
            return EvaluateOperand(first, dot, arguments);
        try
        {
            return header && GoFunctions.ChangesText(function.Name) && arguments.Count > 0
                ? arguments[0]
                : GoFunctions.Call(function.Name, arguments);
        }
        catch (GoArgumentsException e)
        {
            throw Failure(first, e.Message);
        }
        catch (GoCallException e)
        {
            throw Failure(first.At, command.Text, $"error calling {function.Name}: {e.Message}");
        }
    }

    object? EvaluateOperand(GoTemplate.Operand operand, object? dot, List<object?> arguments)
    {
        switch (operand)
        {
            case GoTemplate.LiteralOperand literal:
                return literal.Value;
            case GoTemplate.FunctionOperand function:
                try
                {
                    return GoFunctions.Call(function.Name, []);
                }
                catch (GoArgumentsException e)
                {
                    throw Failure(function, e.Message);
                }
                catch (GoCallException e)
                {
                    throw Failure(function, $"error calling {function.Name}: {e.Message}");
                }
            case GoTemplate.FieldOperand field:
                object? value =
                    field.Inner is not null ? Evaluate(field.Inner, dot)
                    : field.Variable is not null ? Variable(field)
                    : dot;
                for (int i = 0; i < field.Fields.Count; i++)
                    value = Member(value, field.Fields[i], i == field.Fields.Count - 1 ? arguments : [], field);
                return value;
            default:
                throw new InvalidOperationException();
        }
    }

    object? Variable(GoTemplate.FieldOperand field)
    {
        int index = variables.FindLastIndex(v => v.Name == field.Variable);
        return index >= 0
            ? variables[index].Value
            : throw new FormatException($"template: {template.Name}:1: undefined variable \"{field.Variable}\"");
    }

    object? Member(object? value, string name, List<object?> arguments, GoTemplate.FieldOperand operand)
    {
        if (value is ITemplateRow row)
            return row.TryGet(name, arguments, out var found)
                ? found
                : throw Failure(operand, $"can't evaluate field {name} in type {row.TypeName}");
        if (value is GoJson { Element.ValueKind: JsonValueKind.Object } json)
        {
            if (GoFields.TryGet(json, name, out var member))
                return member;
            throw Failure(
                operand,
                json.Name.Contains('.')
                    ? $"can't evaluate field {name} in type {json.Name}"
                    : $"map has no entry for key \"{name}\""
            );
        }
        if (value is null or GoJson { Element.ValueKind: JsonValueKind.Null } or GoNil)
            throw Failure(operand, $"nil data; no entry for key \"{name}\"");
        throw Failure(operand, $"can't evaluate field {name} in type {GoFunctions.TypeName(value)}");
    }

    FormatException Failure(GoTemplate.Operand operand, string what) => Failure(operand.At, operand.Text, what);

    FormatException Failure(int at, string context, string what)
    {
        var before = template.Source.AsSpan(0, Math.Min(at, template.Source.Length));
        int line = 1 + before.Count('\n');
        int column = at - (before.LastIndexOf('\n') + 1);
        if (context.Length > 20)
            context = context[..20] + "...";
        return new FormatException(
            $"template: {template.Name}:{line}:{column}: executing \"{template.Name}\" at <{context}>: {what}"
        );
    }
}

/// <summary>A pointer to nothing: false, and "&lt;nil&gt;" where it is shown.</summary>
internal sealed class GoNil
{
    public static readonly GoNil Instance = new();

    public override string ToString() => "<nil>";
}

/// <summary>A function was called with too few values.</summary>
internal sealed class GoArgumentsException(string message) : Exception(message);

/// <summary>A function could not do its work.</summary>
internal sealed class GoCallException(string message) : Exception(message);
