// Names of system calls and their numbers, for each architecture that a filter may meet.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Skiff.Linux.Seccomp;

/// <summary>The system calls of one architecture.</summary>
public sealed partial class SyscallTable
{
    /// <summary>Set in the number of every x32 call: asm/unistd.h, __X32_SYSCALL_BIT.</summary>
    public const uint X32Bit = 0x40000000;

    const uint X86Audit = 0x40000003;

    static readonly Lazy<SyscallTable> x64 = new(() => new(0xC000003E, Parse(X64Numbers, 0)));
    static readonly Lazy<SyscallTable> x86 = new(() => new(X86Audit, Parse(X86Numbers, 0)));
    static readonly Lazy<SyscallTable> x32 = new(MakeX32);
    static readonly Lazy<SyscallTable> arm64 = new(() => new(0xC00000B7, Parse(Arm64Numbers, 0)));
    static readonly Lazy<Dictionary<string, uint>> socketcall = new(() => Parse(SocketcallNames, 0));
    static readonly Lazy<Dictionary<string, uint>> ipc = new(() => Parse(IpcNames, 0));

    readonly Dictionary<string, uint> numbers;

    SyscallTable(uint auditArchitecture, Dictionary<string, uint> numbers)
    {
        AuditArchitecture = auditArchitecture;
        this.numbers = numbers;
    }

    /// <summary>As struct seccomp_data has it: linux/audit.h, AUDIT_ARCH_*. x32 shares that of x86-64.</summary>
    public uint AuditArchitecture { get; }

    public IReadOnlyDictionary<string, uint> Numbers => numbers;

    /// <summary>By libseccomp's name, "SCMP_ARCH_X86_64"; null for an architecture that cannot run here.</summary>
    public static SyscallTable? Find(string architecture) =>
        architecture switch
        {
            "SCMP_ARCH_X86_64" => x64.Value,
            "SCMP_ARCH_X86" => x86.Value,
            "SCMP_ARCH_X32" => x32.Value,
            "SCMP_ARCH_AARCH64" => arm64.Value,
            _ => null,
        };

    /// <summary>The architecture of this process.</summary>
    public static string Native =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";

    /// <summary>The call's number; null if this architecture has none of that name.</summary>
    public uint? Find(ReadOnlySpan<char> name) =>
        numbers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out uint number) ? number : null;

    /// <summary>
    /// The number behind which an old call of i386 hides other calls, and which of them this one is: the low 16 bits of
    /// its first argument. Null if this architecture has no such way to the call.
    /// </summary>
    public (uint Number, uint Call)? FindMultiplexed(string name)
    {
        if (AuditArchitecture != X86Audit)
            return null;
        return socketcall.Value.TryGetValue(name, out uint call) ? (numbers["socketcall"], call)
            : ipc.Value.TryGetValue(name, out call) ? (numbers["ipc"], call)
            : null;
    }

    static SyscallTable MakeX32()
    {
        var numbers = Parse(X32Numbers, X32Bit);
        var absent = NotX32.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, number) in x64.Value.numbers)
            if (!absent.Contains(name))
                numbers.TryAdd(name, number | X32Bit);
        return new SyscallTable(x64.Value.AuditArchitecture, numbers);
    }

    static Dictionary<string, uint> Parse(string text, uint bit)
    {
        var numbers = new Dictionary<string, uint>(400, StringComparer.Ordinal);
        uint next = 0;
        foreach (var range in text.AsSpan().SplitAny(' ', '\n'))
        {
            var word = text.AsSpan()[range];
            if (word.IsEmpty)
                continue;
            if (char.IsAsciiDigit(word[0]))
                next = uint.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);
            else
                numbers[word.ToString()] = next++ | bit;
        }
        return numbers;
    }
}
