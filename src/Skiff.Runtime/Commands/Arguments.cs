// The arguments of one command: flags as runc and its users write them, then operands.
namespace Skiff.Runtime.Commands;

/// <summary>The arguments are wrong; the message says which.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>"--flag value", "--flag=value", "-f value"; a single dash does for long names too, as in Go.</summary>
internal sealed class Arguments
{
    readonly Dictionary<string, List<string>> values = [];
    readonly List<string> operands = [];
    readonly string command;

    Arguments(string command) => this.command = command;

    public IReadOnlyList<string> Operands => operands;

    /// <summary>How many of the given arguments were read: all, unless operands end the flags.</summary>
    public int Consumed { get; private set; }

    /// <param name="withValue">flags with a value: "bundle|b"</param>
    /// <param name="switches">flags without: "force|f"; "=false" is understood</param>
    /// <param name="endAtOperand">flags after the first operand belong to somebody else</param>
    /// <exception cref="UsageException">a flag that there is not, or one without its value</exception>
    public static Arguments Parse(
        string command,
        ReadOnlySpan<string> given,
        ReadOnlySpan<string> withValue,
        ReadOnlySpan<string> switches,
        bool endAtOperand = false
    )
    {
        var arguments = new Arguments(command);
        int i = 0;
        for (; i < given.Length; i++)
        {
            string argument = given[i];
            if (argument == "--")
            {
                arguments.operands.AddRange(given[(i + 1)..]);
                i = given.Length;
                break;
            }
            if (argument.Length < 2 || argument[0] != '-')
            {
                if (endAtOperand)
                {
                    arguments.operands.AddRange(given[i..]);
                    break;
                }
                arguments.operands.Add(argument);
                continue;
            }
            string name = argument.TrimStart('-');
            string? value = null;
            if (name.IndexOf('=', StringComparison.Ordinal) is int equals and > 0)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            if (Find(switches, name) is string known)
                arguments.Add(known, value ?? "true");
            else if (Find(withValue, name) is string valued)
            {
                if (value is null && ++i >= given.Length)
                    throw new UsageException($"{command}: flag needs an argument: --{name}");
                arguments.Add(valued, value ?? given[i]);
            }
            else
                throw new UsageException($"{command}: flag provided but not defined: --{name}");
        }
        arguments.Consumed = Math.Min(i, given.Length);
        return arguments;
    }

    public bool Has(string name) => values.TryGetValue(name, out List<string>? all) && all[^1] is not ("false" or "0" or "f");

    public string? Value(string name) => values.TryGetValue(name, out List<string>? all) ? all[^1] : null;

    public IReadOnlyList<string> All(string name) => values.TryGetValue(name, out List<string>? all) ? all : [];

    /// <exception cref="UsageException">it is no number, or below 0</exception>
    public int Number(string name, int otherwise) =>
        Value(name) is not string text ? otherwise
        : int.TryParse(text, out int number) && number >= 0 ? number
        : throw new UsageException($"{command}: invalid value \"{text}\" for flag --{name}");

    /// <exception cref="UsageException">there is none, or there are more</exception>
    public string OnlyId() =>
        operands.Count switch
        {
            0 => throw new UsageException($"{command}: container id cannot be empty"),
            1 => operands[0],
            _ => throw new UsageException($"{command}: unexpected argument {operands[1]}"),
        };

    void Add(string name, string value)
    {
        if (!values.TryGetValue(name, out List<string>? all))
            values.Add(name, all = []);
        all.Add(value);
    }

    /// <summary>The first of the names of a flag.</summary>
    static string? Find(ReadOnlySpan<string> flags, string name)
    {
        foreach (string flag in flags)
        {
            int bar = flag.IndexOf('|', StringComparison.Ordinal);
            if (bar < 0 ? flag == name : flag.AsSpan(0, bar).SequenceEqual(name) || flag.AsSpan(bar + 1).SequenceEqual(name))
                return bar < 0 ? flag : flag[..bar];
        }
        return null;
    }
}
