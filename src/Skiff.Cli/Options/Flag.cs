// One flag of a command: its names, its kind, its value.
using System.Globalization;

namespace Skiff.Cli.Options;

/// <summary>Name, one-letter name (or '\0'), what the value is called in help ("" for none), what it does.</summary>
internal abstract class Flag(string name, char letter, string kind, string help)
{
    public string Name { get; } = name;
    public char Letter { get; } = letter;
    public string Kind { get; } = kind;
    public string Help { get; } = help;

    /// <summary>Given on the command line.</summary>
    public bool IsSet { get; private set; }

    /// <summary>Still understood, not shown in help and completions.</summary>
    public bool Hidden { get; init; }

    /// <summary>The value where the flag is given without one; null: a value is needed.</summary>
    public virtual string? BareValue => null;

    /// <summary>Shown in help if not empty.</summary>
    public virtual string DefaultText => "";

    /// <summary>As errors name it: "-e, --env".</summary>
    public string Display => Letter == '\0' ? "--" + Name : $"-{Letter}, --{Name}";

    /// <exception cref="FlagException">no such value</exception>
    public void Set(string value)
    {
        try
        {
            Accept(value);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new FlagException($"invalid argument \"{value}\" for \"{Display}\" flag: {e.Message}");
        }
        IsSet = true;
    }

    /// <exception cref="FormatException">no such value; the message says why</exception>
    protected abstract void Accept(string value);
}

internal sealed class BoolFlag(string name, char letter, string help, bool initially = false) : Flag(name, letter, "", help)
{
    public bool Value { get; private set; } = initially;
    public override string? BareValue => "true";
    public override string DefaultText { get; } = initially ? "true" : "";

    protected override void Accept(string value) =>
        Value = value switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw new FormatException($"strconv.ParseBool: parsing \"{value}\": invalid syntax"),
        };

    public static implicit operator bool(BoolFlag flag) => flag.Value;
}

internal sealed class StringFlag(string name, char letter, string kind, string help, string initially = "")
    : Flag(name, letter, kind, help)
{
    public string Value { get; private set; } = initially;

    /// <summary>null if it was not given.</summary>
    public string? Given => IsSet ? Value : null;
    public override string DefaultText { get; } = initially.Length == 0 ? "" : $"\"{initially}\"";

    /// <summary>Checks a value; throws FormatException.</summary>
    public Action<string>? Check { get; init; }

    /// <summary>The value where none is given.</summary>
    public string? Bare { get; init; }
    public override string? BareValue => Bare;

    protected override void Accept(string value)
    {
        Check?.Invoke(value);
        Value = value;
    }

    public static implicit operator string(StringFlag flag) => flag.Value;
}

/// <summary>May be given many times; each adds.</summary>
internal sealed class ListFlag(string name, char letter, string kind, string help) : Flag(name, letter, kind, help)
{
    readonly List<string> values = [];
    public IReadOnlyList<string> Values => values;

    /// <summary>Checks a value and may bring it into its final form; throws FormatException.</summary>
    public Func<string, string>? Check { get; init; }

    protected override void Accept(string value) => values.Add(Check is null ? value : Check(value));
}

internal sealed class IntegerFlag(string name, char letter, string help, long initially = 0, string kind = "int")
    : Flag(name, letter, kind, help)
{
    public long Value { get; private set; } = initially;
    public override string DefaultText { get; } = initially == 0 ? "" : initially.ToString(CultureInfo.InvariantCulture);
    public long Min { get; init; } = long.MinValue;
    public long Max { get; init; } = long.MaxValue;

    protected override void Accept(string value)
    {
        string parser = Min >= 0 ? "ParseUint" : "ParseInt";
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            throw new FormatException($"strconv.{parser}: parsing \"{value}\": invalid syntax");
        if (number < Min || number > Max)
            throw new FormatException($"strconv.{parser}: parsing \"{value}\": value out of range");
        Value = number;
    }
}

/// <summary>Any other value: read once when it is given.</summary>
internal sealed class ValueFlag<T>(string name, char letter, string kind, string help, Func<string, T> parse)
    : Flag(name, letter, kind, help)
    where T : struct
{
    public T Value { get; private set; }

    protected override void Accept(string value) => Value = parse(value);
}
