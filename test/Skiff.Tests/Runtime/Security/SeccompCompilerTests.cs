using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skiff.Engine.Bundles;
using Skiff.Linux.Seccomp;
using Skiff.Oci.Runtime;
using Skiff.Runtime.Launch;
using Skiff.Runtime.Security;
using Xunit;

namespace Skiff.Tests.Runtime.Security;

public sealed class SeccompCompilerTests
{
    const uint Allow = 0x7fff0000,
        Eperm = 0x00050001,
        Enosys = 0x00050026;
    static readonly string[] Names = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
    static readonly ulong[] Samples =
    [
        0,
        1,
        8,
        37,
        38,
        39,
        40,
        41,
        0x20000,
        0x20008,
        0x10000000,
        0x7E020000,
        0x01200011,
        0xffffffff,
        0x100000000,
        0x100000028,
        ulong.MaxValue,
    ];

    /// <summary>The machine of the kernel, as far as seccomp programs use it: net/core/filter.c.</summary>
    static uint Run(byte[] program, uint architecture, uint number, ulong argument)
    {
        Span<byte> data = stackalloc byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], architecture);
        BinaryPrimitives.WriteUInt64LittleEndian(data[16..], argument);
        var instructions = MemoryMarshal.Cast<byte, BpfInstruction>(program);
        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            var i = instructions[at];
            switch (i.Code)
            {
                case BpfInstruction.LoadWord:
                    accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data[(int)i.K..]);
                    break;
                case BpfInstruction.And:
                    accumulator &= i.K;
                    break;
                case BpfInstruction.Jump:
                    at += (int)i.K;
                    break;
                case BpfInstruction.JumpEqual:
                    at += accumulator == i.K ? i.JumpTrue : i.JumpFalse;
                    break;
                case BpfInstruction.JumpGreater:
                    at += accumulator > i.K ? i.JumpTrue : i.JumpFalse;
                    break;
                case BpfInstruction.JumpGreaterOrEqual:
                    at += accumulator >= i.K ? i.JumpTrue : i.JumpFalse;
                    break;
                default:
                    Assert.Equal(BpfInstruction.Return, i.Code);
                    return i.K;
            }
        }
    }

    /// <summary>What the profile says, read without compiling.</summary>
    static uint Decide(LinuxSeccomp profile, string name, ulong argument)
    {
        var rules = profile.Syscalls!.Where(s => s.Names.Contains(name)).ToList();
        var chosen = rules.FirstOrDefault(r => r.Args is null) ?? rules.FirstOrDefault(r => r.Args!.All(a => Holds(a, argument)));
        return chosen is null ? Eperm
            : chosen.Action == "SCMP_ACT_ALLOW" ? Allow
            : 0x00050000 | chosen.ErrnoRet!.Value;
    }

    static bool Holds(LinuxSeccompArg a, ulong argument) =>
        a.Op switch
        {
            "SCMP_CMP_EQ" => argument == a.Value,
            "SCMP_CMP_NE" => argument != a.Value,
            "SCMP_CMP_LT" => argument < a.Value,
            "SCMP_CMP_LE" => argument <= a.Value,
            "SCMP_CMP_GT" => argument > a.Value,
            "SCMP_CMP_GE" => argument >= a.Value,
            _ => (argument & a.Value) == a.ValueTwo,
        };

    public static TheoryData<string> CapabilitySets =>
        ["", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE CAP_SYS_CHROOT CAP_BPF", "CAP_SYSLOG CAP_SYS_TIME"];

    [Theory, MemberData(nameof(CapabilitySets))]
    public void The_default_profile_decides_every_call_of_every_architecture_as_it_says(string capabilities)
    {
        var profile = SeccompProfile.For(capabilities.Split(' ').ToHashSet(), "amd64");
        byte[] program = SeccompCompiler.Compile(profile);
        foreach (string architecture in Names)
        {
            var table = SyscallTable.Find(architecture)!;
            uint newest = table.Numbers.Where(n => profile.Syscalls!.Any(s => s.Names.Contains(n.Key))).Max(n => n.Value);
            foreach (var (name, number) in table.Numbers)
            foreach (ulong argument in Samples)
            {
                uint expected = number > newest && architecture != "SCMP_ARCH_X32" ? Enosys : Decide(profile, name, argument);
                Assert.True(
                    expected == Run(program, table.AuditArchitecture, number, argument),
                    $"{architecture} {name}({argument:x})"
                );
            }
        }
    }

    [Fact]
    public void Numbers_that_no_architecture_has_are_refused()
    {
        byte[] program = SeccompCompiler.Compile(SeccompProfile.For(new HashSet<string>(), "amd64"));
        Assert.Equal(Enosys, Run(program, 0xC000003E, 9999, 0));
        Assert.Equal(Eperm, Run(program, 0xC000003E, 390, 0));
        Assert.NotEqual(Allow, Run(program, 0xC000003E, uint.MaxValue, 0));
        Assert.Equal(0u, Run(program, 0x12345678, 0, 0));
    }

    public static TheoryData<string> Operators =>
        ["SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_GT", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ"];

    [Theory, MemberData(nameof(Operators))]
    public void Every_operator_compares_64_bits(string comparison)
    {
        foreach (ulong value in Samples)
        {
            var condition = new LinuxSeccompArg
            {
                Index = 0,
                Op = comparison,
                Value = value,
                ValueTwo = value & 0x100000001,
            };
            byte[] program = SeccompCompiler.Compile(
                new LinuxSeccomp
                {
                    DefaultAction = "SCMP_ACT_ERRNO",
                    Syscalls =
                    [
                        new LinuxSyscall
                        {
                            Names = ["read"],
                            Action = "SCMP_ACT_ALLOW",
                            Args = [condition],
                        },
                    ],
                }
            );
            foreach (ulong argument in Samples)
                Assert.Equal(Holds(condition, argument), Run(program, 0xC000003E, 0, argument) == Allow);
        }
    }

    [Fact]
    public void The_program_is_a_tree_and_not_a_list()
    {
        byte[] program = SeccompCompiler.Compile(SeccompProfile.For(new HashSet<string>(), "amd64"));
        Assert.InRange(program.Length / 8, 50, 900);
    }

    [Theory]
    [InlineData(0u, Allow)]
    [InlineData(2u, 0x00050005u)]
    [InlineData(SyscallTable.X32Bit, 0u)]
    [InlineData(SyscallTable.X32Bit | 2, 0u)]
    [InlineData(uint.MaxValue, Allow)]
    public void A_profile_of_refusals_cannot_be_passed_by_under_x32_numbers(uint number, uint expected) =>
        Assert.Equal(expected, Run(SeccompCompiler.Compile(Refusing(Rule("open", errno: 5))), 0xC000003E, number, 0));

    [Fact]
    public void A_call_that_is_refused_is_refused_by_the_back_doors_of_i386_too()
    {
        var profile = Refusing(Rule("socket", errno: 5, Is(0, 38)), Rule("shmat", errno: 6)) with
        {
            Architectures = ["SCMP_ARCH_X86"],
        };
        byte[] program = SeccompCompiler.Compile(profile);

        Assert.Equal(0x00050005u, Run(program, 0x40000003, 102, 1));
        Assert.Equal(Allow, Run(program, 0x40000003, 102, 2));
        Assert.Equal(0x00050006u, Run(program, 0x40000003, 117, 0x10000 | 21));
        Assert.Equal(Allow, Run(program, 0x40000003, 117, 22));
        Assert.Equal(Allow, Run(program, 0xC000003E, 41, 39));
    }

    [Fact]
    public void A_call_allowed_under_a_condition_is_not_allowed_by_a_back_door_where_the_condition_cannot_be_seen()
    {
        var profile = new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Architectures = ["SCMP_ARCH_X86"],
            Syscalls =
            [
                new LinuxSyscall
                {
                    Names = ["socket"],
                    Action = "SCMP_ACT_ALLOW",
                    Args = [Is(0, 2)],
                },
                new LinuxSyscall { Names = ["bind"], Action = "SCMP_ACT_ALLOW" },
            ],
        };
        byte[] program = SeccompCompiler.Compile(profile);

        Assert.Equal(Eperm, Run(program, 0x40000003, 102, 1));
        Assert.Equal(Allow, Run(program, 0x40000003, 102, 2));
    }

    [Fact]
    public void Two_conditions_on_one_argument_are_alternatives_as_in_runc()
    {
        byte[] program = SeccompCompiler.Compile(Refusing(Rule("close", errno: 5, Is(0, 1), Is(0, 8))));

        Assert.Equal(0x00050005u, Run(program, 0xC000003E, 3, 1));
        Assert.Equal(0x00050005u, Run(program, 0xC000003E, 3, 8));
        Assert.Equal(Allow, Run(program, 0xC000003E, 3, 40));
    }

    [Fact]
    public void A_rule_that_repeats_the_default_does_not_outdo_others()
    {
        var profile = new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Syscalls =
            [
                new LinuxSyscall
                {
                    Names = ["close"],
                    Action = "SCMP_ACT_ERRNO",
                    ErrnoRet = 1,
                },
                new LinuxSyscall
                {
                    Names = ["close"],
                    Action = "SCMP_ACT_ALLOW",
                    Args = [Is(0, 8)],
                },
            ],
        };
        byte[] program = SeccompCompiler.Compile(profile);

        Assert.Equal(Allow, Run(program, 0xC000003E, 3, 8));
        Assert.Equal(Eperm, Run(program, 0xC000003E, 3, 1));
    }

    [Fact]
    public void Jumps_over_more_than_255_instructions_arrive()
    {
        // A condition for every call makes blocks that cannot be merged.
        var table = SyscallTable.Find("SCMP_ARCH_X86_64")!;
        var rules = table.Numbers.Select(
            (n, i) =>
                new LinuxSyscall
                {
                    Names = [n.Key],
                    Action = "SCMP_ACT_ALLOW",
                    Args = [Is(0, (ulong)i << 32)],
                }
        );
        byte[] program = SeccompCompiler.Compile(new LinuxSeccomp { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = [.. rules] });

        foreach (var (number, i) in table.Numbers.Values.Select((n, i) => (n, i)))
        {
            Assert.Equal(Allow, Run(program, 0xC000003E, number, (ulong)i << 32));
            Assert.Equal(Eperm, Run(program, 0xC000003E, number, ((ulong)i << 32) + 1));
        }
    }

    [Fact]
    public void A_program_that_the_kernel_would_not_take_is_an_error()
    {
        var conditions = Enumerable.Range(0, 6).Select(i => Is((uint)i, 1)).ToArray();
        var rules = SyscallTable.Find("SCMP_ARCH_X86_64")!.Numbers.Keys.Select((n, i) => Rule(n, (uint)i + 1, conditions));

        var e = Assert.Throws<LaunchException>(() => SeccompCompiler.Compile(Refusing([.. rules])));
        Assert.Contains("too large", e.Message, StringComparison.Ordinal);
    }

    static LinuxSeccomp Refusing(params LinuxSyscall[] rules) => new() { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = rules };

    static LinuxSyscall Rule(string name, uint errno, params LinuxSeccompArg[] conditions) =>
        new()
        {
            Names = [name],
            Action = "SCMP_ACT_ERRNO",
            ErrnoRet = errno,
            Args = conditions,
        };

    static LinuxSeccompArg Is(uint index, ulong value) =>
        new()
        {
            Index = index,
            Op = "SCMP_CMP_EQ",
            Value = value,
        };

    [Theory]
    [InlineData("SCMP_ACT_NOTIFY")]
    [InlineData("nonsense")]
    public void An_action_that_cannot_be_is_an_error(string action) =>
        Assert.Throws<LaunchException>(() => SeccompCompiler.Compile(new LinuxSeccomp { DefaultAction = action }));
}
