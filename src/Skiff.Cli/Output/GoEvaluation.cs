// The language of --format: evaluation over JSON, rows and plain values.
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Skiff.Cli.Output;

/// <summary>What a row offers to a template: its fields by name.</summary>
internal interface ITemplateRow
{
    /// <summary>false: no such field.</summary>
    bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value);

    /// <summary>The row as an object.</summary>
    string ToJson();
}

/// <summary>A JSON value with the name of the member it came from, which decides how Go prints it.</summary>
internal readonly record struct GoJson(JsonElement Element, string Name);

internal sealed class GoEvaluation(object? root)
{
    readonly StringBuilder output = new();
    readonly List<(string Name, object? Value)> variables = [("$", root)];

    public string Text => output.ToString();

    public void Run(List<GoTemplate.Node> nodes, object? dot)
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
                    RunBlock(block, dot);
                    break;
            }
    }

    void RunBlock(GoTemplate.BlockNode block, object? dot)
    {
        int scope = variables.Count;
        if (block.Kind == "range")
            RunRange(block, dot);
        else
        {
            var value = Evaluate(block.Pipeline, dot);
            bool truth = GoFunctions.Truth(value);
            Run(truth ? block.Body : block.Else, truth && block.Kind == "with" ? value : dot);
        }
        variables.RemoveRange(scope, variables.Count - scope);
    }

    void RunRange(GoTemplate.BlockNode block, object? dot)
    {
        var names = block.Pipeline.Variables;
        var value = Evaluate(block.Pipeline with { Variables = [] }, dot);
        int scope = variables.Count;
        bool any = false;
        foreach (var (key, element) in GoFunctions.Elements(value))
        {
            any = true;
            if (names.Count == 1)
                variables.Add((names[0], element));
            else if (names.Count == 2)
            {
                variables.Add((names[0], key));
                variables.Add((names[1], element));
            }
            Run(block.Body, element);
            variables.RemoveRange(scope, variables.Count - scope);
        }
        if (!any)
            Run(block.Else, dot);
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

    object? EvaluateCommand(List<GoTemplate.Operand> command, object? dot, bool piped, object? last)
    {
        var arguments = new List<object?>();
        for (int i = 1; i < command.Count; i++)
            arguments.Add(EvaluateOperand(command[i], dot, []));
        if (piped)
            arguments.Add(last);
        return command[0] is GoTemplate.FunctionOperand function
            ? GoFunctions.Call(function.Name, arguments)
            : EvaluateOperand(command[0], dot, arguments);
    }

    object? EvaluateOperand(GoTemplate.Operand operand, object? dot, List<object?> arguments)
    {
        switch (operand)
        {
            case GoTemplate.LiteralOperand literal:
                return literal.Value;
            case GoTemplate.FunctionOperand function:
                return GoFunctions.Call(function.Name, []);
            case GoTemplate.FieldOperand field:
                object? value =
                    field.Inner is not null ? Evaluate(field.Inner, dot)
                    : field.Variable is not null ? Variable(field.Variable)
                    : dot;
                for (int i = 0; i < field.Fields.Count; i++)
                    value = Member(value, field.Fields[i], i == field.Fields.Count - 1 ? arguments : []);
                return value;
            default:
                throw new InvalidOperationException();
        }
    }

    object? Variable(string name)
    {
        int index = variables.FindLastIndex(v => v.Name == name);
        return index >= 0
            ? variables[index].Value
            : throw new FormatException($"template parsing error: template: :1: undefined variable \"{name}\"");
    }

    /// <summary>Docker's templates see Go's fields, whose case differs here and there from the JSON (APIVersion, ApiVersion).</summary>
    static bool TryAnyCase(JsonElement element, string name, out JsonElement member)
    {
        foreach (var property in element.EnumerateObject())
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                member = property.Value;
                return true;
            }
        member = default;
        return false;
    }

    static object? Member(object? value, string name, List<object?> arguments)
    {
        if (value is ITemplateRow row)
            return row.TryGet(name, arguments, out var found)
                ? found
                : throw new FormatException(
                    $"failed to execute template: template: :1:2: executing \"\" at <.{name}>: can't evaluate field {name}"
                );
        if (value is GoJson { Element.ValueKind: JsonValueKind.Object } json)
            return json.Element.TryGetProperty(name, out var member) || TryAnyCase(json.Element, name, out member)
                ? GoFunctions.Wrap(member, name)
                : throw new FormatException(
                    $"template parsing error: template: :1:2: executing \"\" at <.{name}>: map has no entry for key \"{name}\""
                );
        if (value is null or GoJson { Element.ValueKind: JsonValueKind.Null })
            throw new FormatException(
                $"template parsing error: template: :1:2: executing \"\" at <.{name}>: nil data; no entry for key \"{name}\""
            );
        throw new FormatException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"template parsing error: template: :1:2: executing \"\" at <.{name}>: can't evaluate field {name} in type {GoFunctions.TypeName(value)}"
            )
        );
    }
}
