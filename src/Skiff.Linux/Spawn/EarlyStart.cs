// What runs before the .NET runtime: a program that launches containers executes itself again from a read-only mount.
//
//   +---------------------------------------------------------------------------------------------------------+
//   | Called by libc in place of main, so libc is ready and our own runtime is not yet there: no allocation,   |
//   | no exceptions, no strings, no statics with constructors, no P/Invoke: only functions that are linked in. |
//   +---------------------------------------------------------------------------------------------------------+
using System.Runtime.CompilerServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>
/// The second start is what protects the program's file (<see cref="SafeProgram"/>). From here the first one costs what
/// the loader costs: 0.6 ms instead of 1.8. Whatever fails is left to <see cref="SafeProgram.Become"/>, which says so.
/// </summary>
internal static unsafe class EarlyStart
{
    const int LongestPath = 32;
    const int OpenTree = 428; // calls this young have one number on all architectures
    const int MountSetAttributes = 442;

    /// <summary>Takes the place of main: Skiff.Runtime.csproj tells the linker so.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static int Main(int argc, byte** argv, byte** envp)
    {
        for (int i = 1; i < argc; i++)
        {
            if (IsLauncher(argv[i]))
            {
                Execute(argv, envp);
                break;
            }
        }
        return Linked.RealMain(argc, argv, envp);
    }

    /// <summary>create, run or exec, wherever among the arguments: for another command it costs time, and changes nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static bool IsLauncher(byte* word) =>
        word[0] switch
        {
            (byte)'r' => word[1] == 'u' && word[2] == 'n' && word[3] == 0,
            (byte)'e' => word[1] == 'x' && word[2] == 'e' && word[3] == 'c' && word[4] == 0,
            (byte)'c' => word[1] == 'r' && word[2] == 'e' && word[3] == 'a' && word[4] == 't' && word[5] == 'e' && word[6] == 0,
            _ => false,
        };

    /// <summary>Executes this program from a read-only mount; returns if it runs from one already, or if that fails.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void Execute(byte** argv, byte** envp)
    {
        byte* path = stackalloc byte[LongestPath];
        Put(path, "/proc/self/exe"u8);
        if (IsRootOfItsMount(path))
            return;
        const int OPEN_TREE_CLONE = 1;
        int mount = (int)Linked.Syscall(OpenTree, Libc.AT_FDCWD, (nint)path, OPEN_TREE_CLONE | Libc.O_CLOEXEC, 0, 0, 0);
        if (mount < 0)
            return;
        // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
        ulong* attributes = stackalloc ulong[4];
        attributes[0] = 1; // MOUNT_ATTR_RDONLY
        attributes[1] = attributes[2] = attributes[3] = 0;
        byte empty = 0;
        nint changed = Linked.Syscall(MountSetAttributes, mount, (nint)(&empty), Libc.AT_EMPTY_PATH, (nint)attributes, 32, 0);
        PutDescriptor(path, mount);
        int program = changed == 0 ? Linked.Open(path, Libc.O_PATH | Libc.O_CLOEXEC, 0) : -1;
        Linked.Close(mount); // a file that is open in it goes on; the mount itself is out of everybody's reach
        if (program < 0)
            return;
        PutDescriptor(path, program);
        if (IsRootOfItsMount(path)) // or this would go on for ever
            Linked.Execute(path, argv, envp);
        Linked.Close(program);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static bool IsRootOfItsMount(byte* path)
    {
        byte* target = stackalloc byte[2];
        return Linked.ReadLink(path, target, 2) == 1 && target[0] == '/';
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static byte* Put(byte* to, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
            *to++ = text[i];
        *to = 0;
        return to;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void PutDescriptor(byte* path, int number)
    {
        byte* at = Put(path, "/proc/self/fd/"u8);
        int unit = 1;
        while (number / unit >= 10)
            unit *= 10;
        for (; unit > 0; unit /= 10)
            *at++ = (byte)('0' + (number / unit % 10));
        *at = 0;
    }
}
