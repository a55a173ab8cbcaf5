// The names in a directory, as bytes, by getdents64(2).
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Files;

/// <param name="Kind">null where the file system does not say: ask with FileAt.TryStatus</param>
public readonly record struct DirectoryEntry(byte[] Name, FileKind? Kind);

public static unsafe class DirectoryReader
{
    const int BufferSize = 32 << 10;

    /// <summary>
    /// All names but "." and "..", in the order of the file system. Reads from the descriptor's position: pass one
    /// that nobody else reads.
    /// </summary>
    /// <exception cref="ErrnoException">ENOTDIR, ENOENT: removed meanwhile</exception>
    public static List<DirectoryEntry> ReadAll(Fd directory)
    {
        var entries = new List<DirectoryEntry>();
        byte* buffer = (byte*)NativeMemory.Alloc(BufferSize);
        try
        {
            while (true)
            {
                nint size = Libc.Check(Libc.getdents64(directory.Number, buffer, BufferSize), "getdents64");
                if (size == 0)
                    return entries;
                // struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, char name[]
                for (var rest = new ReadOnlySpan<byte>(buffer, (int)size); !rest.IsEmpty; )
                {
                    int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[16..]);
                    byte type = rest[18];
                    var name = rest[19..length];
                    name = name[..name.IndexOf((byte)0)];
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        entries.Add(new DirectoryEntry(name.ToArray(), type == 0 ? null : (FileKind)((uint)type << 12)));
                    rest = rest[length..];
                }
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
