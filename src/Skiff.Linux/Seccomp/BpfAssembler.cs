// Classic BPF as seccomp takes it: instructions, and the few blocks that filters are made of.
using System.Runtime.InteropServices;

namespace Skiff.Linux.Seccomp;

/// <summary>struct sock_filter: linux/filter.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction(ushort Code, byte JumpTrue, byte JumpFalse, uint K)
{
    public const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    public const ushort And = 0x54; // BPF_ALU | BPF_AND | BPF_K
    public const ushort Jump = 0x05; // BPF_JMP | BPF_JA
    public const ushort JumpEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    public const ushort JumpGreater = 0x25; // BPF_JMP | BPF_JGT | BPF_K
    public const ushort JumpGreaterOrEqual = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    public const ushort Return = 0x06; // BPF_RET | BPF_K
}

/// <summary>Comparisons of a 64-bit argument: seccomp.h of libseccomp, enum scmp_compare.</summary>
public enum BpfComparison
{
    NotEqual,
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,

    /// <summary>(argument &amp; value) == second.</summary>
    MaskedEqual,
}

public static class BpfAssembler
{
    /// <summary>struct seccomp_data: nr at 0, arch at 4, instruction_pointer at 8, args from 16.</summary>
    public const uint NumberOffset = 0;
    public const uint ArchitectureOffset = 4;

    public static BpfInstruction Load(uint offset) => new(BpfInstruction.LoadWord, 0, 0, offset);

    public static BpfInstruction Return(uint action) => new(BpfInstruction.Return, 0, 0, action);

    /// <summary>
    /// Tests an argument: falls through when it holds, else jumps over <paramref name="length"/> instructions after
    /// the test. The machine has 32 bits, so each half is tested by itself.
    /// </summary>
    public static IReadOnlyList<BpfInstruction> Test(uint index, BpfComparison comparison, ulong value, ulong second, int length)
    {
        if (index > 5)
            throw new ArgumentOutOfRangeException(nameof(index), index, "a system call has six arguments");
        var low = Load(16 + 8 * index);
        var high = Load(16 + 8 * index + 4); // little-endian
        uint h = (uint)(value >> 32),
            l = (uint)value;
        byte skip = checked((byte)length),
            skip2 = checked((byte)(length + 2)),
            skip3 = checked((byte)(length + 3));
        return comparison switch
        {
            BpfComparison.Equal => [high, Equal(h, 0, skip2), low, Equal(l, 0, skip)],
            BpfComparison.NotEqual => [high, Equal(h, 0, 2), low, Equal(l, skip, 0)],
            BpfComparison.Greater => [high, Greater(h, 3, 0), Equal(h, 0, skip2), low, Greater(l, 0, skip)],
            BpfComparison.GreaterOrEqual => [high, Greater(h, 3, 0), Equal(h, 0, skip2), low, AtLeast(l, 0, skip)],
            BpfComparison.Less => [high, Greater(h, skip3, 0), Equal(h, 0, 2), low, AtLeast(l, skip, 0)],
            BpfComparison.LessOrEqual => [high, Greater(h, skip3, 0), Equal(h, 0, 2), low, Greater(l, skip, 0)],
            _ =>
            [
                high,
                new(BpfInstruction.And, 0, 0, h),
                Equal((uint)(second >> 32), 0, skip3),
                low,
                new(BpfInstruction.And, 0, 0, l),
                Equal((uint)second, 0, skip),
            ],
        };
    }

    /// <summary>
    /// A binary search over the loaded word: each block runs for numbers from its start up to the next start. The
    /// kernel runs the filter once for every number when it is loaded, so its depth counts.
    /// </summary>
    /// <param name="blocks">ascending by start, the first from 0; each ends with a return</param>
    public static List<BpfInstruction> Search(ReadOnlySpan<(uint Start, IReadOnlyList<BpfInstruction> Block)> blocks)
    {
        if (blocks.Length == 1)
            return [.. blocks[0].Block];
        int middle = blocks.Length / 2;
        var below = Search(blocks[..middle]);
        var above = Search(blocks[middle..]);
        uint start = blocks[middle].Start;
        // Conditional jumps reach 255 instructions, the unconditional one any number.
        BpfInstruction[] branch =
            below.Count <= byte.MaxValue
                ? [AtLeast(start, (byte)below.Count, 0)]
                : [AtLeast(start, 0, 1), new(BpfInstruction.Jump, 0, 0, (uint)below.Count)];
        return [.. branch, .. below, .. above];
    }

    public static BpfInstruction Equal(uint k, byte jumpTrue, byte jumpFalse) =>
        new(BpfInstruction.JumpEqual, jumpTrue, jumpFalse, k);

    static BpfInstruction Greater(uint k, byte jumpTrue, byte jumpFalse) =>
        new(BpfInstruction.JumpGreater, jumpTrue, jumpFalse, k);

    static BpfInstruction AtLeast(uint k, byte jumpTrue, byte jumpFalse) =>
        new(BpfInstruction.JumpGreaterOrEqual, jumpTrue, jumpFalse, k);
}
