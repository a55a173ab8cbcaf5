// Lays a launch plan out as the flat memory that the child reads.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Spawn;

/// <summary>
/// One block of native memory, private to this process (a clone gets its copy), and one shared page for the report.
///
///   ChildProgram | ChildOp ChildOp ... | strings, structures, argv arrays        ChildReport | registers
///
/// </summary>
internal sealed unsafe class ChildMemory : IDisposable
{
    const int PageSize = 4096;
    static readonly (nint Syscall, nint ErrnoLocation) Pointers = Resolve();

    /// <summary>libc's syscall(2) as a function that managed code calls by pointer.</summary>
    internal static nint SystemCall => Pointers.Syscall;

    readonly byte* memory;
    readonly ChildReport* report;
    readonly int used;
    int next;

    internal ChildMemory(LaunchPlan plan, ReadOnlySpan<int> inputs)
    {
        int capacity = PageSize / sizeof(nint) - Child.RegistersOffset / sizeof(nint);
        if (plan.RegisterCount > capacity)
            throw new InvalidOperationException($"a launch has at most {capacity} results, this one {plan.RegisterCount}");
        int opsAt = Align(sizeof(ChildProgram));
        next = opsAt + (plan.Ops.Count * sizeof(ChildOp));
        used = next + Measure(plan);
        void* shared = Libc.mmap(
            null,
            PageSize,
            Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_SHARED | Libc.MAP_ANONYMOUS | Libc.MAP_POPULATE,
            -1,
            0
        );
        Libc.Check((nint)shared, "mmap");
        report = (ChildReport*)shared;
        memory = (byte*)NativeMemory.AllocZeroed((nuint)used);

        var registers = (nint*)((byte*)shared + Child.RegistersOffset);
        for (int i = 0; i < inputs.Length; i++)
            registers[i] = inputs[i];
        var ops = (ChildOp*)(memory + opsAt);
        for (int i = 0; i < plan.Ops.Count; i++)
            Write(plan.Ops[i], ops + i);
        *Program = new ChildProgram
        {
            Syscall = Pointers.Syscall,
            ErrnoLocation = Pointers.ErrnoLocation,
            Ops = ops,
            Count = plan.Ops.Count,
            Report = report,
            NumberOfClone3 = Native.Syscall.clone3.Number,
            NumberOfSigprocmask = Native.Syscall.rt_sigprocmask.Number,
            NumberOfExitGroup = Native.Syscall.exit_group.Number,
            NumberOfCloseRange = Native.Syscall.close_range.Number,
            NumberOfPrctl = Native.Syscall.prctl.Number,
            NumberOfSigtimedwait = Native.Syscall.rt_sigtimedwait.Number,
            NumberOfWait4 = Native.Syscall.wait4.Number,
            NumberOfKill = Native.Syscall.kill.Number,
        };
    }

    internal ChildProgram* Program => (ChildProgram*)memory;

    internal ChildReport Report => *report;

    public void Dispose()
    {
        NativeMemory.Free(memory);
        _ = Libc.munmap(report, PageSize);
    }

    void Write(LaunchOp from, ChildOp* to)
    {
        to->Number = from.Call.Number;
        to->Destination = from.Destination;
        to->IgnoredLow = from.Ignored.Low;
        to->IgnoredHigh = from.Ignored.High;
        to->SkipOnSuccess = from.SkipOnSuccess;
        to->SkipOnIgnored = from.SkipOnIgnored;
        to->StaysAsInit = from.StaysAsInit ? 1 : 0;
        for (int i = 0; i < from.Arguments.Length; i++)
        {
            Arg argument = from.Arguments[i];
            if (argument.Is == Arg.Kind.Register)
                to->RegisterMask |= 1 << i;
            to->Arguments[i] = argument.Is switch
            {
                Arg.Kind.Text => (nint)Put((string)argument.Value!),
                Arg.Kind.Bytes => (nint)Put((byte[])argument.Value!),
                Arg.Kind.Texts => (nint)Put((IReadOnlyList<string>)argument.Value!),
                Arg.Kind.Filter => (nint)PutFilter((byte[])argument.Value!),
                _ => argument.Number,
            };
        }
    }

    byte* Put(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("a text for the kernel holds a zero byte");
        byte* at = memory + next;
        int length = Encoding.UTF8.GetBytes(text, new Span<byte>(at, used - next));
        next += Align(length + 1);
        return at;
    }

    byte* Put(ReadOnlySpan<byte> bytes)
    {
        byte* at = memory + next;
        bytes.CopyTo(new Span<byte>(at, used - next));
        next += Align(bytes.Length);
        return at;
    }

    byte** Put(IReadOnlyList<string> texts)
    {
        var array = (byte**)(memory + next);
        next += (texts.Count + 1) * sizeof(byte*);
        for (int i = 0; i < texts.Count; i++)
            array[i] = Put(texts[i]);
        return array;
    }

    /// <summary>struct sock_fprog { unsigned short len; struct sock_filter *filter; }</summary>
    byte* PutFilter(byte[] instructions)
    {
        byte* filter = Put(instructions);
        byte* program = memory + next;
        *(ushort*)program = checked((ushort)(instructions.Length / 8));
        *(byte**)(program + 8) = filter;
        next += 16;
        return program;
    }

    static int Measure(LaunchPlan plan)
    {
        int bytes = 0;
        foreach (LaunchOp op in plan.Ops)
        foreach (Arg argument in op.Arguments)
        {
            bytes += argument.Is switch
            {
                Arg.Kind.Text => Measure((string)argument.Value!),
                Arg.Kind.Bytes => Align(((byte[])argument.Value!).Length),
                Arg.Kind.Filter => Align(((byte[])argument.Value!).Length) + 16,
                Arg.Kind.Texts => Measure((IReadOnlyList<string>)argument.Value!),
                _ => 0,
            };
        }
        return bytes;
    }

    static int Measure(string text) => Align(Encoding.UTF8.GetByteCount(text) + 1);

    static int Measure(IReadOnlyList<string> texts)
    {
        int bytes = (texts.Count + 1) * sizeof(byte*);
        foreach (string text in texts)
            bytes += Measure(text);
        return bytes;
    }

    static int Align(int size) => (size + 7) & ~7;

    static (nint, nint) Resolve()
    {
        (nint syscall, nint errno) = RuntimeFeature.IsDynamicCodeSupported ? Exported() : LinkedIn();
        // The compiler takes bit 1 of a managed function pointer for the mark of a fat one.
        if (((syscall | errno) & 2) != 0)
            throw new PlatformNotSupportedException("libc's syscall() is not aligned to four bytes");
        return (syscall, errno);
    }

    static (nint, nint) Exported()
    {
        nint library = NativeLibrary.GetMainProgramHandle();
        return (NativeLibrary.GetExport(library, "syscall"), NativeLibrary.GetExport(library, "__errno_location"));
    }

    /// <summary>A program without a dynamic libc has no exports to ask for. Unknown to a JIT: a method of its own.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static (nint, nint) LinkedIn() =>
        (
            (nint)(delegate* <nint, nint, nint, nint, nint, nint, nint, nint>)&Linked.Syscall,
            (nint)(delegate* <int*>)&Linked.ErrnoLocation
        );
}
