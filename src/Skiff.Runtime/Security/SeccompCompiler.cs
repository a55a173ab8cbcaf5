// From the seccomp object of config.json to a BPF program.
using System.Runtime.InteropServices;
using Skiff.Linux.Seccomp;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Security;

/// <summary>
/// runtime-spec: config-linux.md, Seccomp. Decides as libseccomp does: names an architecture does not have are
/// skipped, a rule without conditions wins over those with, several rules of one call are alternatives, and a call of
/// an architecture that is not listed ends the thread.
/// A search tree and not a list: the kernel runs the program once for every number when it is loaded.
/// </summary>
internal static class SeccompCompiler
{
    const string X64 = "SCMP_ARCH_X86_64";
    const string X32 = "SCMP_ARCH_X32";
    const uint KillProcess = 0x80000000; // linux/seccomp.h, SECCOMP_RET_*
    const uint KillThread = 0x00000000;
    const uint Trap = 0x00030000;
    const uint Errno = 0x00050000;
    const uint Trace = 0x7ff00000;
    const uint Log = 0x7ffc0000;
    const uint Allow = 0x7fff0000;
    const uint Eperm = 1;
    const uint Enosys = 38;

    /// <summary>The longest program the kernel takes: linux/bpf_common.h, BPF_MAXINSNS.</summary>
    const int MaxInstructions = 4096;

    /// <returns>an array of struct sock_filter</returns>
    /// <exception cref="LaunchException">an unknown action, operator or architecture</exception>
    internal static byte[] Compile(LinuxSeccomp profile)
    {
        uint otherwise = Action(profile.DefaultAction, profile.DefaultErrnoRet);
        var program = new List<BpfInstruction> { BpfAssembler.Load(BpfAssembler.ArchitectureOffset) };
        foreach (var architecture in Architectures(profile).GroupBy(t => t.AuditArchitecture))
        {
            List<BpfInstruction> search =
            [
                BpfAssembler.Load(BpfAssembler.NumberOffset),
                .. BpfAssembler.Search(CollectionsMarshal.AsSpan(Blocks(profile, architecture, otherwise))),
            ];
            program.Add(BpfAssembler.Equal(architecture.Key, 1, 0));
            program.Add(new BpfInstruction(BpfInstruction.Jump, 0, 0, (uint)search.Count));
            program.AddRange(search);
        }
        program.Add(BpfAssembler.Return(KillThread));
        if (program.Count > MaxInstructions)
            throw Invalid($"the seccomp profile is too large: {program.Count} instructions, the kernel takes {MaxInstructions}");
        return MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(program)).ToArray();
    }

    static List<SyscallTable> Architectures(LinuxSeccomp profile)
    {
        var tables = new List<SyscallTable> { SyscallTable.Find(SyscallTable.Native)! };
        foreach (string name in profile.Architectures ?? [])
            // Others' architectures are none that this kernel runs: no call will ever carry them.
            if (SyscallTable.Find(name) is { } table && !tables.Contains(table))
                tables.Add(table);
        return tables;
    }

    /// <summary>One block for each run of numbers with the same rules, in ascending order.</summary>
    static List<(uint, IReadOnlyList<BpfInstruction>)> Blocks(
        LinuxSeccomp profile,
        IGrouping<uint, SyscallTable> tables,
        uint otherwise
    )
    {
        var rules = new SortedDictionary<uint, List<SeccompRule>>();
        uint newest = 0;
        foreach (var table in tables)
        foreach (var syscall in profile.Syscalls ?? [])
        {
            uint action = Action(syscall.Action, syscall.ErrnoRet);
            foreach (string name in syscall.Names)
            foreach (var (number, rule) in SeccompRule.Of(table, name, action, syscall.Args ?? []))
            {
                if (number < SyscallTable.X32Bit)
                    newest = Math.Max(newest, number);
                // As in runc, a rule that says what holds anyway does not outdo another.
                if (action == otherwise)
                    continue;
                if (!rules.TryGetValue(number, out var list))
                    rules.Add(number, list = []);
                list.Add(rule);
            }
        }
        // A call newer than all the profile knows does not exist, as far as programs can tell: they fall back on
        // ENOSYS, but give up on EPERM.
        uint unknown = otherwise >> 16 == Errno >> 16 ? Errno | Enosys : otherwise;
        var blocks = new BlockList();
        blocks.Add(0, [BpfAssembler.Return(otherwise)]);
        foreach (var (number, list) in rules.TakeWhile(r => r.Key < SyscallTable.X32Bit))
        {
            blocks.Add(number, Block(list, otherwise));
            blocks.Add(number + 1, [BpfAssembler.Return(otherwise)]);
        }
        blocks.Add(newest + 1, [BpfAssembler.Return(unknown)]);
        if (tables.Key == SyscallTable.Find(X64)!.AuditArchitecture && !tables.Contains(SyscallTable.Find(X32)))
        {
            // Without this, a profile of refusals would not see the same calls under their x32 numbers.
            blocks.Add(SyscallTable.X32Bit, [BpfAssembler.Return(KillThread)]);
            // A tracer's way to skip a call: ptrace(2).
            blocks.Add(uint.MaxValue, [BpfAssembler.Return(otherwise)]);
            return blocks.Blocks;
        }
        blocks.Add(SyscallTable.X32Bit, [BpfAssembler.Return(otherwise)]);
        foreach (var (number, list) in rules.SkipWhile(r => r.Key < SyscallTable.X32Bit))
        {
            blocks.Add(number, Block(list, otherwise));
            blocks.Add(number + 1, [BpfAssembler.Return(otherwise)]);
        }
        return blocks.Blocks;
    }

    static IReadOnlyList<BpfInstruction> Block(List<SeccompRule> rules, uint otherwise)
    {
        if (rules.Find(r => r.Conditions.Count == 0) is { } unconditional)
            return [BpfAssembler.Return(unconditional.Action)];
        var block = new List<BpfInstruction>();
        foreach (var rule in rules)
        {
            List<BpfInstruction> tail = [BpfAssembler.Return(rule.Action)];
            foreach (var condition in rule.Conditions.Reverse())
                tail.InsertRange(0, Test(condition, tail.Count));
            block.AddRange(tail);
        }
        block.Add(BpfAssembler.Return(otherwise));
        return block;
    }

    static IReadOnlyList<BpfInstruction> Test(LinuxSeccompArg condition, int length)
    {
        if (condition.Index > 5)
            throw Invalid($"seccomp: a system call has no argument {condition.Index}");
        var comparison = condition.Op switch
        {
            "SCMP_CMP_NE" => BpfComparison.NotEqual,
            "SCMP_CMP_LT" => BpfComparison.Less,
            "SCMP_CMP_LE" => BpfComparison.LessOrEqual,
            "SCMP_CMP_EQ" => BpfComparison.Equal,
            "SCMP_CMP_GE" => BpfComparison.GreaterOrEqual,
            "SCMP_CMP_GT" => BpfComparison.Greater,
            "SCMP_CMP_MASKED_EQ" => BpfComparison.MaskedEqual,
            var other => throw Invalid($"seccomp: unknown operator \"{other}\""),
        };
        return BpfAssembler.Test(condition.Index, comparison, condition.Value, condition.ValueTwo, length);
    }

    static uint Action(string action, uint? errno) =>
        action switch
        {
            "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => KillThread,
            "SCMP_ACT_KILL_PROCESS" => KillProcess,
            "SCMP_ACT_TRAP" => Trap,
            "SCMP_ACT_ERRNO" => Errno | ((errno ?? Eperm) & 0xffff),
            "SCMP_ACT_TRACE" => Trace | ((errno ?? Eperm) & 0xffff),
            "SCMP_ACT_LOG" => Log,
            "SCMP_ACT_ALLOW" => Allow,
            "SCMP_ACT_NOTIFY" => throw Invalid("not supported by this runtime: seccomp action SCMP_ACT_NOTIFY"),
            _ => throw Invalid($"seccomp: unknown action \"{action}\""),
        };

    /// <summary>Ascending blocks for the search; neighbours that say the same become one.</summary>
    sealed class BlockList
    {
        internal List<(uint Start, IReadOnlyList<BpfInstruction> Block)> Blocks { get; } = [];

        internal void Add(uint start, IReadOnlyList<BpfInstruction> block)
        {
            // The default that was put after the number before gives way to a rule for the next.
            if (Blocks.Count > 0 && Blocks[^1].Start == start)
                Blocks.RemoveAt(Blocks.Count - 1);
            if (Blocks.Count == 0 || !Blocks[^1].Block.SequenceEqual(block))
                Blocks.Add((start, block));
        }
    }

    static LaunchException Invalid(string message) => new(FailureKind.Other, message);
}
