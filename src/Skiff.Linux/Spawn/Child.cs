// THE CHILD. It runs between clone3 and execve, in a copy of our address space without our other threads.
//
//   +-----------------------------------------------------------------------------------------------+
//   | No allocation. No exceptions. No strings. No generics over references. No virtual or interface |
//   | calls. No static fields or constructors. No logging. No P/Invoke, not even one that suppresses |
//   | the GC transition: each return from one polls for a collection that this process can never see |
//   | end. Only ChildOp data, and the kernel through two function pointers resolved beforehand.       |
//   +-----------------------------------------------------------------------------------------------+
//
// A managed function pointer to a C function compiles to a bare indirect call, with no frame, stub or poll; integer
// arguments go in the same registers on both sides.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>One op as the child reads it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ChildOp
{
    /// <summary>Of the system call; negative for the op that only fails, with minus its errno in the first argument.</summary>
    internal nint Number;
    internal fixed long Arguments[6];

    /// <summary>Bit N: argument N is the number of a register.</summary>
    internal int RegisterMask;
    internal int Destination;
    internal ulong IgnoredLow;
    internal ulong IgnoredHigh;
    internal int SkipOnSuccess;
    internal int SkipOnIgnored;

    /// <summary>1: a fork after which the caller stays behind as an init.</summary>
    internal int StaysAsInit;
}

/// <summary>What the child is given. Lives in private memory: the child has a copy.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ChildProgram
{
    internal nint Syscall;
    internal nint ErrnoLocation;
    internal ChildOp* Ops;
    internal int Count;
    internal ChildReport* Report;
    internal CloneArgs Clone;

    // Numbers differ between architectures, so they are data too.
    internal nint NumberOfClone3;
    internal nint NumberOfSigprocmask;
    internal nint NumberOfExitGroup;
    internal nint NumberOfCloseRange;
    internal nint NumberOfPrctl;
    internal nint NumberOfSigtimedwait;
    internal nint NumberOfWait4;
    internal nint NumberOfKill;
}

/// <summary>What parent and child share: the head of a page, the registers after it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ChildReport
{
    /// <summary>The op the child is at.</summary>
    internal int Position;

    /// <summary>Set when the op at Position failed for good, to be told to the parent; Errno may be 0.</summary>
    internal int Failed;
    internal int Errno;
}

internal static unsafe class Child
{
    internal const int RegistersOffset = 64;
    const int EAGAIN = 11;

    /// <summary>
    /// Clones. In the parent: returns the child's pid, or minus an errno. The child does not return: it takes one op
    /// after the other and ends in execve or exit. One method, so that under a JIT nothing is left to compile in the
    /// child. All signals are blocked meanwhile, so that no handler of the parent ever runs in the child.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static nint Start(ChildProgram* program)
    {
        var call = (delegate* <nint, nint, nint, nint, nint, nint, nint, nint>)program->Syscall;
        const int SIG_BLOCK = 0;
        const int SIG_SETMASK = 2;
        ulong all = ulong.MaxValue;
        ulong before = 0;
        call(program->NumberOfSigprocmask, SIG_BLOCK, (nint)(&all), (nint)(&before), 8, 0, 0);
        nint pid = call(program->NumberOfClone3, (nint)(&program->Clone), sizeof(CloneArgs), 0, 0, 0, 0);
        if (pid != 0)
        {
            nint started = pid == -1 ? -*((delegate* <int*>)program->ErrnoLocation)() : pid;
            call(program->NumberOfSigprocmask, SIG_SETMASK, (nint)(&before), 0, 8, 0, 0);
            return started;
        }

        ChildReport* report = program->Report;
        var registers = (nint*)((byte*)report + RegistersOffset);
        int at = 0;
        int retries = 128; // openat2(2): EAGAIN if a rename or mount anywhere raced with a ".." of the path
        while (at < program->Count)
        {
            report->Position = at;
            ChildOp* op = program->Ops + at;
            long* raw = op->Arguments;
            int mask = op->RegisterMask;
            nint a0 = (mask & 1) != 0 ? registers[raw[0]] : (nint)raw[0];
            nint a1 = (mask & 2) != 0 ? registers[raw[1]] : (nint)raw[1];
            nint a2 = (mask & 4) != 0 ? registers[raw[2]] : (nint)raw[2];
            nint a3 = (mask & 8) != 0 ? registers[raw[3]] : (nint)raw[3];
            nint a4 = (mask & 16) != 0 ? registers[raw[4]] : (nint)raw[4];
            nint a5 = (mask & 32) != 0 ? registers[raw[5]] : (nint)raw[5];

            int errno = 0;
            nint result = -1;
            if (op->Number < 0)
                errno = (int)-a0;
            else
            {
                result = call(op->Number, a0, a1, a2, a3, a4, a5);
                if (result == -1)
                    errno = *((delegate* <int*>)program->ErrnoLocation)();
            }

            if (result == -1)
            {
                if (errno == EAGAIN && retries-- > 0)
                    continue;
                ulong ignored = errno < 64 ? op->IgnoredLow : op->IgnoredHigh;
                if (op->Number < 0 || (uint)errno > 127 || (ignored >> (errno & 63) & 1) == 0)
                {
                    report->Errno = errno;
                    report->Failed = 1;
                    break;
                }
                result = -errno;
                at += op->SkipOnIgnored;
            }
            else
                at += op->SkipOnSuccess;
            if (op->StaysAsInit != 0 && result > 0)
                return StayAsInit(program, result);
            if (op->Destination >= 0)
                registers[op->Destination] = result;
            at++;
        }
        for (; ; )
            call(program->NumberOfExitGroup, 127, 0, 0, 0, 0, 0);
    }

    /// <summary>
    /// The first process of a pid namespace, once its child is on its way to the program: never returns. What the child
    /// reports of its failure is in shared memory, so this one need only end with it.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static nint StayAsInit(ChildProgram* program, nint child)
    {
        var call = (delegate* <nint, nint, nint, nint, nint, nint, nint, nint>)program->Syscall;
        const int SIGCHLD = 17;
        const int WNOHANG = 1;
        const int PR_SET_NAME = 15;
        call(program->NumberOfCloseRange, 3, int.MaxValue, 0, 0, 0, 0); // the report's pipe above all
        ulong name = 0x0074_696E_6966_6B73; // "skfinit" and the final zero
        call(program->NumberOfPrctl, PR_SET_NAME, (nint)(&name), 0, 0, 0, 0);
        ulong all = ulong.MaxValue;
        for (; ; )
        {
            nint signal = call(program->NumberOfSigtimedwait, (nint)(&all), 0, 0, 8, 0, 0);
            if (signal > 0 && signal != SIGCHLD)
                call(program->NumberOfKill, child, signal, 0, 0, 0, 0);
            for (; ; )
            {
                int status = 0;
                nint ended = call(program->NumberOfWait4, -1, (nint)(&status), WNOHANG, 0, 0, 0);
                if (ended <= 0)
                    break;
                if (ended == child)
                {
                    int code = (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F); // wait(2)
                    call(program->NumberOfExitGroup, code, 0, 0, 0, 0, 0);
                }
            }
        }
    }
}
