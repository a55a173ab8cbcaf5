// Functions of C that the linker binds, called as if they were managed: no frame, no transition, no poll for a collection.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace System.Runtime
{
    /// <summary>Known to the native compiler by its name: an internal call with it is a symbol of the linker's.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class RuntimeImportAttribute(string entry) : Attribute
    {
        public string EntryPoint { get; } = entry;
    }
}

namespace Skiff.Linux.Native
{
    /// <summary>
    /// For code that runs where the .NET runtime does not: before it has started, and in a clone. It works in native
    /// programs only. Integers and pointers go in the same registers on both sides, and these calls neither keep the
    /// collector waiting for long nor come back.
    /// </summary>
    internal static unsafe class Linked
    {
        [RuntimeImport("__real_main")] // ld(1), --wrap
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int RealMain(int argc, byte** argv, byte** envp);

        [RuntimeImport("syscall")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern nint Syscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

        [RuntimeImport("__errno_location")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int* ErrnoLocation();

        [RuntimeImport("open")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Open(byte* path, int flags, uint mode);

        [RuntimeImport("close")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Close(int fd);

        [RuntimeImport("readlink")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern nint ReadLink(byte* path, byte* target, nuint size);

        [RuntimeImport("execve")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Execute(byte* path, byte** argv, byte** envp);
    }
}
