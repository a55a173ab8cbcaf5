// Device rules as eBPF: the program is run here, by an interpreter of the few instructions it has.
using System.Buffers.Binary;
using Skiff.Linux.Cgroups;
using Xunit;

namespace Skiff.Tests.Linux.Cgroups;

public sealed class DeviceFilterTests
{
    static readonly DeviceRule[] Rules =
    [
        new(false, 'a', null, null, "rwm"),
        new(true, 'c', null, null, "m"),
        new(true, 'c', 1, 3, "rwm"),
        new(true, 'c', 136, null, "rw"),
        new(true, 'b', 8, 0, "r"),
        new(true, 'c', 10, 200, "rwm"),
        new(false, 'c', 10, 200, "w"),
    ];

    [Theory]
    [InlineData('c', 1, 3, "rw", true)]
    [InlineData('c', 1, 3, "m", true)]
    [InlineData('c', 1, 4, "r", false)]
    [InlineData('c', 1, 4, "m", true)]
    [InlineData('c', 1, 4, "rm", false)]
    [InlineData('c', 136, 77, "rw", true)]
    [InlineData('c', 136, 77, "m", true)]
    [InlineData('b', 1, 3, "r", false)]
    [InlineData('b', 8, 0, "r", true)]
    [InlineData('b', 8, 0, "rw", false)]
    [InlineData('c', 10, 200, "r", true)]
    [InlineData('c', 10, 200, "rw", false)]
    public void The_last_rule_that_fits_decides(char type, uint major, uint minor, string access, bool allowed) =>
        Assert.Equal(allowed, Run(DeviceFilter.Compile(Rules), type, major, minor, access));

    [Fact]
    public void No_rule_restricts_nothing() => Assert.True(Run(DeviceFilter.Compile([]), 'b', 8, 0, "rwm"));

    [Fact]
    public void Rules_read_as_v1_takes_them() =>
        Assert.Equal(["a", "c *:* m", "c 1:3 rwm", "c 136:* rw"], Rules.Take(4).Select(r => r.ToString()));

    static bool Run(byte[] program, char type, uint major, uint minor, string access)
    {
        uint bits = (access.Contains('m') ? 1u : 0) | (access.Contains('r') ? 2u : 0) | (access.Contains('w') ? 4u : 0);
        uint[] context = [(bits << 16) | (type == 'b' ? 1u : 2u), major, minor];
        var r = new uint[11];
        for (int at = 0; ; at++)
        {
            ulong raw = BinaryPrimitives.ReadUInt64LittleEndian(program.AsSpan(at * 8));
            int to = (int)(raw >> 8) & 15;
            int from = (int)(raw >> 12) & 15;
            short offset = (short)(raw >> 16);
            uint number = (uint)(raw >> 32);
            switch ((byte)raw)
            {
                case 0x61:
                    r[to] = context[offset / 4];
                    break;
                case 0xBC:
                    r[to] = r[from];
                    break;
                case 0xB4:
                    r[to] = number;
                    break;
                case 0x54:
                    r[to] &= number;
                    break;
                case 0x74:
                    r[to] >>= (int)number;
                    break;
                case 0x16:
                    at += r[to] == number ? offset : 0;
                    break;
                case 0x56:
                    at += r[to] != number ? offset : 0;
                    break;
                case 0x5E:
                    at += r[to] != r[from] ? offset : 0;
                    break;
                case 0x95:
                    return r[0] == 1;
                default:
                    throw new InvalidDataException($"instruction {raw:x16} at {at}");
            }
        }
    }
}
