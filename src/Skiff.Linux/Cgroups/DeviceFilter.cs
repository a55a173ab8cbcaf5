// Which devices a cgroup may use: lines for devices.allow of v1, an eBPF program for v2.
using System.Buffers.Binary;
using Skiff.Linux.Native;

namespace Skiff.Linux.Cgroups;

/// <summary>One rule; later rules win.</summary>
/// <param name="Type">'c', 'b', or 'a' for both, which also means every number and access</param>
/// <param name="Major">null: any</param>
/// <param name="Access">letters of rwm</param>
public readonly record struct DeviceRule(bool Allow, char Type, long? Major, long? Minor, string Access)
{
    /// <summary>As v1 takes it: "c 1:3 rwm". devices.rst.</summary>
    public override string ToString() =>
        Type == 'a' ? "a" : $"{Type} {Major?.ToString() ?? "*"}:{Minor?.ToString() ?? "*"} {Access}";
}

public static unsafe class DeviceFilter
{
    const int BPF_PROG_LOAD = 5;
    const int BPF_PROG_ATTACH = 8;
    const uint BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    const uint BPF_CGROUP_DEVICE = 6;
    const uint BPF_F_ALLOW_MULTI = 2;

    // Codes of eBPF instructions, all on 32 bits: instruction-set.rst.
    const byte LoadWord = 0x61;
    const byte MoveRegister = 0xBC;
    const byte MoveNumber = 0xB4;
    const byte And = 0x54;
    const byte ShiftRight = 0x74;
    const byte JumpIfEqual = 0x16;
    const byte JumpIfNotEqual = 0x56;
    const byte JumpIfRegisterNotEqual = 0x5E;
    const byte Exit = 0x95;

    /// <summary>Applies the rules to a cgroup that has none yet.</summary>
    /// <exception cref="ErrnoException">write, or bpf: EPERM; EINVAL: no eBPF for cgroups in this kernel</exception>
    public static void Apply(Cgroup cgroup, IReadOnlyList<DeviceRule> rules)
    {
        if (rules.Count == 0)
            return;
        if (cgroup.Find("devices") is var (directory, _))
        {
            using Fd allow = KernelFile.OpenForWriting($"{directory}/devices.allow");
            using Fd deny = KernelFile.OpenForWriting($"{directory}/devices.deny");
            foreach (DeviceRule rule in rules)
                KernelFile.Write(rule.Allow ? allow : deny, rule.ToString());
        }
        else if (cgroup.UnifiedDirectory is string unified)
            Attach(unified, Compile(rules));
        else
            throw new ErrnoException("devices", "no cgroup hierarchy can restrict them", Errno.EOPNOTSUPP);
    }

    /// <summary>
    /// The rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE: 1 allows, 0 denies. Rules are tried from the last
    /// to the first, so the first that fits decides; no rule at all allows, as in v1.
    ///
    ///   struct bpf_cgroup_dev_ctx { u32 access_type (access in the upper half, type in the lower); u32 major, minor; }
    ///
    /// </summary>
    internal static byte[] Compile(IReadOnlyList<DeviceRule> rules)
    {
        var code = new List<ulong>
        {
            Instruction(LoadWord, 2, 1, offset: 0),
            Instruction(MoveRegister, 3, 2),
            Instruction(And, 2, immediate: 0xFFFF), // w2: type, 1 block, 2 character
            Instruction(ShiftRight, 3, immediate: 16), // w3: access, 1 mknod, 2 read, 4 write
            Instruction(LoadWord, 4, 1, offset: 4), // w4: major
            Instruction(LoadWord, 5, 1, offset: 8), // w5: minor
        };
        int last = rules.Count - 1;
        while (last >= 0 && rules[last].Type != 'a')
            Append(code, rules[last--]);
        // Either a rule for everything ends the list, or the default does: the verifier refuses code that is never reached.
        code.Add(Instruction(MoveNumber, 0, immediate: last < 0 || rules[last].Allow ? 1 : 0));
        code.Add(Instruction(Exit, 0));
        byte[] bytes = new byte[code.Count * 8];
        for (int i = 0; i < code.Count; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), code[i]);
        return bytes;
    }

    static void Append(List<ulong> code, DeviceRule rule)
    {
        var jumps = new List<int>(); // instructions that leave for the next rule
        Jump(Instruction(JumpIfNotEqual, 2, immediate: rule.Type == 'b' ? 1 : 2));
        int access = AccessBits(rule.Access);
        code.Add(Instruction(MoveRegister, 1, 3));
        code.Add(Instruction(And, 1, immediate: access));
        // An allowing rule fits if it covers all that is asked; a denying one if it forbids any of it.
        Jump(rule.Allow ? Instruction(JumpIfRegisterNotEqual, 1, 3) : Instruction(JumpIfEqual, 1));
        if (rule.Major is long major)
            Jump(Instruction(JumpIfNotEqual, 4, immediate: (int)major));
        if (rule.Minor is long minor)
            Jump(Instruction(JumpIfNotEqual, 5, immediate: (int)minor));
        code.Add(Instruction(MoveNumber, 0, immediate: rule.Allow ? 1 : 0));
        code.Add(Instruction(Exit, 0));
        foreach (int jump in jumps)
            code[jump] |= (ulong)(ushort)(code.Count - 1 - jump) << 16;

        void Jump(ulong instruction)
        {
            jumps.Add(code.Count);
            code.Add(instruction);
        }
    }

    internal static void Attach(string directory, byte[] program)
    {
        using var cgroup = new Fd(
            (int)Libc.Check(Libc.open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0), "open", directory)
        );
        fixed (byte* instructions = program)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            // union bpf_attr, BPF_PROG_LOAD: u32 prog_type, insn_cnt; u64 insns, license; ...
            ulong* load = stackalloc ulong[8];
            new Span<ulong>(load, 8).Clear();
            load[0] = BPF_PROG_TYPE_CGROUP_DEVICE | ((ulong)(program.Length / 8) << 32);
            load[1] = (ulong)instructions;
            load[2] = (ulong)license;
            nint loaded = Libc.Call(Syscall.bpf, BPF_PROG_LOAD, (nint)load, 8 * sizeof(ulong));
            using var filter = new Fd((int)Libc.Check(loaded, "bpf", "load the device filter"));
            // BPF_PROG_ATTACH: u32 target_fd, attach_bpf_fd, attach_type, attach_flags
            uint* attach = stackalloc uint[4];
            attach[0] = (uint)cgroup.Number;
            attach[1] = (uint)filter.Number;
            attach[2] = BPF_CGROUP_DEVICE;
            attach[3] = BPF_F_ALLOW_MULTI;
            nint attached = Libc.Call(Syscall.bpf, BPF_PROG_ATTACH, (nint)attach, 4 * sizeof(uint));
            Libc.Check(attached, "bpf", "attach the device filter");
        }
    }

    static int AccessBits(string access) =>
        (access.Contains('m') ? 1 : 0) | (access.Contains('r') ? 2 : 0) | (access.Contains('w') ? 4 : 0);

    /// <summary>struct bpf_insn: 8 bits of code, 4 destination, 4 source, 16 offset, 32 immediate.</summary>
    static ulong Instruction(byte code, int destination, int source = 0, int offset = 0, int immediate = 0) =>
        code | ((ulong)destination << 8) | ((ulong)source << 12) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)immediate << 32);
}
