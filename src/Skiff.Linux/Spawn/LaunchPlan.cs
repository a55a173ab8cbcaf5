// A launch as data: the steps a child takes between clone and execve, in order.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>
/// A program of system calls for <see cref="Spawner"/>. Building one touches nothing, so plans can be compared as text.
/// Descriptors that the parent will have opened are named inputs; results of ops are registers. The other parts of
/// this class are its vocabulary: one method, one intention.
/// </summary>
public sealed partial class LaunchPlan
{
    readonly List<LaunchOp> ops = new(256);
    readonly List<string> registers = new(64);
    readonly List<string> inputs = [];

    internal IReadOnlyList<LaunchOp> Ops => ops;
    internal int RegisterCount => registers.Count;

    /// <summary>Names of the descriptors the parent must hand in; the first ones among the registers.</summary>
    public IReadOnlyList<string> Inputs => inputs;

    /// <summary>A descriptor that the parent will have opened. Name all inputs before the first op.</summary>
    public Register Input(string name)
    {
        if (inputs.Count != registers.Count)
            throw new InvalidOperationException("inputs are named before the first op that has a result");
        inputs.Add(name);
        return NewRegister(name);
    }

    /// <summary>The plan as text, one op a line, for review and for golden tests.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        foreach (string input in inputs)
            text.Append("input $").Append(input).Append('\n');
        foreach (LaunchOp op in ops)
            op.Dump(text, registers);
        return text.ToString();
    }

    Register NewRegister(string name)
    {
        registers.Add(name);
        return new Register(registers.Count - 1);
    }

    /// <summary>A further register of this name: "open.3".</summary>
    Register NewResult(string name) => NewRegister($"{name}.{registers.Count}");

    LaunchOp Add(string what, Syscall call, params ReadOnlySpan<Arg> arguments) => Add(what, default, call, arguments);

    LaunchOp Add(string what, ErrnoSet ignored, Syscall call, params ReadOnlySpan<Arg> arguments)
    {
        var op = new LaunchOp
        {
            What = what,
            Call = call,
            Arguments = arguments.ToArray(),
            Ignored = ignored,
        };
        ops.Add(op);
        return op;
    }

    Register AddResult(string name, string what, ErrnoSet ignored, Syscall call, params ReadOnlySpan<Arg> arguments)
    {
        Register result = NewResult(name);
        ops.Add(
            new LaunchOp
            {
                What = what,
                Call = call,
                Arguments = arguments.ToArray(),
                Destination = result.Index,
                Ignored = ignored,
            }
        );
        return result;
    }

    /// <summary>The op added last.</summary>
    LaunchOp Last => ops[^1];

    /// <summary>Makes an ignored failure of <paramref name="op"/> jump to the op that is added next.</summary>
    void IfIgnoredSkipTo(LaunchOp op) => op.SkipOnIgnored = ops.Count - 1 - ops.IndexOf(op);

    void IfDoneSkipTo(LaunchOp op) => op.SkipOnSuccess = ops.Count - 1 - ops.IndexOf(op);
}
