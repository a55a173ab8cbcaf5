// One step of a launch: a system call with its arguments, and what to do when it fails.
using System.Globalization;
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>A value that is known only while the launch runs: a descriptor handed in, or the result of an earlier op.</summary>
public readonly record struct Register(int Index);

/// <summary>Error numbers that do not end the launch. Numbers above 127 cannot be held, and none is needed.</summary>
public readonly record struct ErrnoSet(ulong Low, ulong High)
{
    public static ErrnoSet All { get; } = new(ulong.MaxValue, ulong.MaxValue);

    public static ErrnoSet Of(params ReadOnlySpan<Errno> errnos)
    {
        ulong low = 0;
        ulong high = 0;
        foreach (Errno errno in errnos)
        {
            if ((int)errno < 64)
                low |= 1UL << (int)errno;
            else
                high |= 1UL << ((int)errno - 64);
        }
        return new(low, high);
    }

    public bool IsEmpty => Low == 0 && High == 0;

    public override string ToString()
    {
        if (this == All)
            return "any";
        var held = new List<Errno>();
        foreach (Errno errno in Enum.GetValues<Errno>())
        {
            if (Holds((int)errno))
                held.Add(errno);
        }
        return string.Join('|', held);
    }

    bool Holds(int errno) => ((errno < 64 ? Low : High) >> (errno & 63) & 1) == 1;
}

/// <summary>An argument of an op. Texts and structures are copied into the plan's memory when it is laid out.</summary>
internal readonly struct Arg
{
    internal enum Kind
    {
        Number,
        Flags,
        Register,
        Text,
        Bytes,
        Texts,
        Filter,
    }

    readonly nint number;

    Arg(Kind kind, nint number, object? value = null, string? shown = null)
    {
        Is = kind;
        this.number = number;
        Value = value;
        Shown = shown;
    }

    internal Kind Is { get; }
    internal nint Number => number;

    /// <summary>string, byte[] or the list of strings of an argv.</summary>
    internal object? Value { get; }

    /// <summary>What a dump shows for a structure.</summary>
    internal string? Shown { get; }

    public static implicit operator Arg(int value) => new(Kind.Number, value);

    public static implicit operator Arg(long value) => new(Kind.Number, (nint)value);

    public static implicit operator Arg(Register register) => new(Kind.Register, register.Index);

    public static implicit operator Arg(string text) => new(Kind.Text, 0, text);

    /// <summary>Bits, shown in hexadecimal.</summary>
    internal static Arg Flags(ulong value) => new(Kind.Flags, (nint)value);

    /// <summary>A pointer to a structure. The kernel may write to it: nothing reads it back.</summary>
    internal static Arg Bytes(byte[] bytes, string shown) => new(Kind.Bytes, 0, bytes, shown);

    /// <summary>A pointer to a null-terminated array of strings: argv or envp.</summary>
    internal static Arg Texts(IReadOnlyList<string> texts) => new(Kind.Texts, 0, texts);

    /// <summary>A pointer to a struct sock_fprog over these instructions, seccomp(2).</summary>
    internal static Arg Filter(byte[] instructions) => new(Kind.Filter, 0, instructions);

    internal string Dump(IReadOnlyList<string> registers) =>
        Is switch
        {
            Kind.Number => number == Libc.AT_FDCWD ? "AT_FDCWD" : number.ToString(CultureInfo.InvariantCulture),
            Kind.Flags => $"0x{number:x}",
            Kind.Register => $"${registers[(int)number]}",
            Kind.Text => $"\"{Value}\"",
            Kind.Texts => "[" + string.Join(", ", ((IReadOnlyList<string>)Value!).Select(t => $"\"{t}\"")) + "]",
            Kind.Filter => $"filter of {((byte[])Value!).Length / 8} instructions",
            _ => Shown ?? "",
        };
}

/// <summary>One step. A failure that is not ignored ends the launch, told as "{What}: {errno in words}".</summary>
internal sealed class LaunchOp
{
    internal required Syscall Call { get; init; }

    /// <summary>What this op is for, in the words of the error message.</summary>
    internal required string What { get; init; }
    internal required Arg[] Arguments { get; init; }

    /// <summary>Takes the result, or minus the ignored errno; -1 for none.</summary>
    internal int Destination { get; init; } = -1;
    internal ErrnoSet Ignored { get; init; }

    /// <summary>How many ops to leave out after success, and after an ignored failure.</summary>
    internal int SkipOnSuccess { get; set; }
    internal int SkipOnIgnored { get; set; }

    /// <summary>A fork: the caller stays as the init of its pid namespace, its child goes on with the next op.</summary>
    internal bool StaysAsInit { get; init; }

    /// <summary>This op looks for or runs the program: a failure is the program's, not ours.</summary>
    internal bool OfProgram { get; init; }

    internal void Dump(StringBuilder to, IReadOnlyList<string> registers)
    {
        if (Destination >= 0)
            to.Append('$').Append(registers[Destination]).Append(" = ");
        to.Append(Call.Name).Append('(');
        to.AppendJoin(", ", Arguments.Select(a => a.Dump(registers))).Append(')');
        if (!Ignored.IsEmpty)
            to.Append("  ignore ").Append(Ignored);
        if (SkipOnIgnored > 0)
            to.Append(" and skip ").Append(SkipOnIgnored);
        if (SkipOnSuccess > 0)
            to.Append("  else skip ").Append(SkipOnSuccess);
        to.Append("  # ").Append(What).Append('\n');
    }
}
