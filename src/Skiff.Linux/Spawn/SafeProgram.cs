// A program that can be run beside a hostile container: nobody who finds it in /proc can write to its file.
using System.Diagnostics.CodeAnalysis;
using Skiff.Linux.Mounts;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>
/// CVE-2019-5736. A process that is about to become a container's has the program that cloned it as /proc/PID/exe. What
/// runs in the container can get hold of that link ("#!/proc/self/exe"), and through it of the program's file, for
/// writing, once the program has ended. So the program is executed from a mount of its own that is read-only and that
/// no mount namespace holds: there is no way back from it to a writable mount, and nobody may change its flags.
/// </summary>
public static unsafe class SafeProgram
{
    const ulong ST_RDONLY = 1;
    const string Self = "/proc/self/exe";

    /// <summary>Opens a program for execution by the descriptor's /proc path, now and later.</summary>
    /// <exception cref="ErrnoException">open_tree(path): ENOENT; EPERM: not without CAP_SYS_ADMIN</exception>
    public static Fd Open(string path)
    {
        using Fd mount = MountApi.CloneReadOnly(path);
        // The mount is taken apart as soon as its own descriptor closes; a descriptor of the file in it goes on working,
        // but mount_setattr(2) takes it for no mount any more.
        return new Fd((int)Libc.Check(Libc.open(mount.ProcPath, Libc.O_PATH | Libc.O_CLOEXEC, 0), "open", path));
    }

    /// <summary>
    /// Makes this process run from such a mount, by executing its program again with the same arguments, environment
    /// and descriptors; returns if it does already. To be called first thing in a program that launches containers.
    /// </summary>
    /// <param name="name">what ps(1) shows as the command, at most 15 bytes</param>
    /// <exception cref="ErrnoException">as Open; execve</exception>
    [DynamicDependency(nameof(EarlyStart.Main), typeof(EarlyStart))] // called by libc only
    public static void Become(string name)
    {
        if (IsSafe(Self))
        {
            const int PR_SET_NAME = 15;
            fixed (byte* text = Libc.Utf8(name))
                Libc.Check(Libc.Call(Syscall.prctl, PR_SET_NAME, (nint)text), "prctl", "PR_SET_NAME");
            return;
        }
        // Done already before the runtime started (EarlyStart), unless something failed, or the command is another one.
        ExecuteAgain(KernelFile.ReadBytes("/proc/self/cmdline"), KernelFile.ReadBytes("/proc/self/environ"));
        using Fd program = Open(Self); // tells why not, if it is the mount
        throw new ErrnoException("execve", Self, Errno.EPERM);
    }

    /// <summary>Executable only through a mount that is read-only and the root of nothing else.</summary>
    static bool IsSafe(string path)
    {
        byte* target = stackalloc byte[2];
        byte* status = stackalloc byte[256]; // struct statfs and some
        fixed (byte* p = Libc.Utf8(path))
        {
            // The file is its mount's root, and a mount outside of all namespaces has no path above it.
            if (Libc.readlinkat(Libc.AT_FDCWD, p, target, 2) != 1 || target[0] != '/')
                return false;
            Libc.Check(Libc.Call(Syscall.statfs, (nint)p, (nint)status), "statfs", path);
        }
        return (((ulong*)status)[10] & ST_RDONLY) != 0; // f_flags: of this mount
    }

    /// <summary>Returns only if that fails.</summary>
    /// <param name="arguments">each with its final zero, as is the environment</param>
    static void ExecuteAgain(byte[] arguments, byte[] environment)
    {
        byte*[] argv = new byte*[arguments.AsSpan().Count((byte)0) + 1];
        byte*[] envp = new byte*[environment.AsSpan().Count((byte)0) + 1];
        fixed (byte* argumentText = arguments)
        fixed (byte* environmentText = environment)
        fixed (byte** argumentList = argv)
        fixed (byte** environmentList = envp)
        {
            Point(argumentList, argv.Length - 1, argumentText);
            Point(environmentList, envp.Length - 1, environmentText);
            EarlyStart.Execute(argumentList, environmentList);
        }
    }

    static void Point(byte** pointers, int count, byte* text)
    {
        for (int i = 0; i < count; i++)
        {
            pointers[i] = text;
            while (*text != 0)
                text++;
            text++;
        }
    }
}
