// Static programs of one system call, assembled here: exit code 0 if it succeeds, else its errno.
using System.Buffers.Binary;

namespace Skiff.SystemTests.Harness;

public static class TinyProgram
{
    const int Executable = 2; // e_type, elf(5)

    /// <summary>For x86-64. Arguments go into rdi, rsi, rdx and r10.</summary>
    public static byte[] X64(uint call, params uint[] arguments)
    {
        byte[][] registers =
        [
            [0xBF],
            [0xBE],
            [0xBA],
            [0x41, 0xBA],
        ];
        List<byte> code = Load([0xB8], call, registers, arguments);
        code.AddRange([0x0F, 0x05]); // syscall
        code.AddRange([0xF7, 0xD8, 0x89, 0xC7, 0x7F, 0x02, 0x31, 0xFF]); // edi = eax < 0 ? -eax : 0
        code.AddRange([0xB8, 231, 0, 0, 0, 0x0F, 0x05]); // exit_group
        return Elf64([.. code]);
    }

    /// <summary>For i386. Arguments go into ebx, ecx, edx and esi.</summary>
    public static byte[] I386(uint call, params uint[] arguments)
    {
        byte[][] registers =
        [
            [0xBB],
            [0xB9],
            [0xBA],
            [0xBE],
        ];
        List<byte> code = Load([0xB8], call, registers, arguments);
        code.AddRange([0xCD, 0x80]); // int 0x80
        code.AddRange([0xF7, 0xD8, 0x89, 0xC3, 0x7F, 0x02, 0x31, 0xDB]); // ebx = eax < 0 ? -eax : 0
        code.AddRange([0xB8, 252, 0, 0, 0, 0xCD, 0x80]); // exit_group
        return Elf32([.. code]);
    }

    /// <summary>Writes a program as an executable file.</summary>
    public static string Save(byte[] program, string path)
    {
        File.WriteAllBytes(path, program);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    static List<byte> Load(byte[] number, uint call, byte[][] registers, uint[] arguments)
    {
        var code = new List<byte>();
        Move(number, call);
        for (int i = 0; i < registers.Length; i++)
            Move(registers[i], i < arguments.Length ? arguments[i] : 0);
        return code;

        void Move(byte[] opcode, uint value)
        {
            code.AddRange(opcode);
            byte[] immediate = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(immediate, value);
            code.AddRange(immediate);
        }
    }

    static byte[] Elf64(byte[] code)
    {
        const int Headers = 120;
        const long Base = 0x400000;
        byte[] file = new byte[Headers + code.Length];
        var writer = new BinaryWriter(new MemoryStream(file));
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((short)Executable);
        writer.Write((short)62); // EM_X86_64
        writer.Write(1);
        writer.Write(Base + Headers);
        writer.Write(64L); // where the program header is
        writer.Write(0L);
        writer.Write(0);
        writer.Write((short)64);
        writer.Write((short)56);
        writer.Write((short)1);
        writer.Write(new byte[6]);
        writer.Write(1); // PT_LOAD
        writer.Write(5); // read and execute
        writer.Write(0L);
        writer.Write(Base);
        writer.Write(Base);
        writer.Write((long)file.Length);
        writer.Write((long)file.Length);
        writer.Write(0x1000L);
        writer.Write(code);
        return file;
    }

    static byte[] Elf32(byte[] code)
    {
        const int Headers = 84;
        const int Base = 0x8048000;
        byte[] file = new byte[Headers + code.Length];
        var writer = new BinaryWriter(new MemoryStream(file));
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((short)Executable);
        writer.Write((short)3); // EM_386
        writer.Write(1);
        writer.Write(Base + Headers);
        writer.Write(52);
        writer.Write(0);
        writer.Write(0);
        writer.Write((short)52);
        writer.Write((short)32);
        writer.Write((short)1);
        writer.Write(new byte[6]);
        writer.Write(1);
        writer.Write(0);
        writer.Write(Base);
        writer.Write(Base);
        writer.Write(file.Length);
        writer.Write(file.Length);
        writer.Write(5);
        writer.Write(0x1000);
        writer.Write(code);
        return file;
    }
}
