// Gives memory back before a long sleep, for processes of which there are as many as containers.
using System.Globalization;
using System.Runtime.CompilerServices;
using Skiff.Linux.Native;
using Skiff.Linux.Spawn;

namespace Skiff.Linux.Processes;

/// <summary>
/// Start-up touches most of a program's file; a sleeping program needs next to nothing of it. Its unchanged pages can
/// be unmapped at any time: whoever needs one again gets it from the page cache for the price of a minor fault.
/// </summary>
public static unsafe class IdleMemory
{
    const int PagesAtOnce = 512;

    /// <summary>
    /// Collects garbage, returns the free heap to the system, and unmaps the unchanged pages of the program and its
    /// libraries. Some milliseconds with a heap of a few megabytes.
    /// </summary>
    /// <param name="alone">
    /// the process has one thread of its own, so that nobody writes static data meanwhile; else only what nobody can write
    /// is unmapped
    /// </param>
    public static void Shrink(bool alone)
    {
        if (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is not null)
            return; // compiled as it runs: the calls below are only in native programs
        (nint Start, nint End)[] mappings = FileMappings(alone);
        nint call = ChildMemory.SystemCall;
        int pagemap = Libc.open("/proc/self/pagemap", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        Libc.Check(pagemap, "open", "/proc/self/pagemap");
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers(); // the other thread: asleep from here on
        _ = Libc.malloc_trim(0);
        ulong* entries = stackalloc ulong[PagesAtOnce];
        fixed ((nint, nint)* ranges = mappings)
            Drop(
                ranges,
                mappings.Length,
                Environment.SystemPageSize,
                pagemap,
                entries,
                call,
                Syscall.pread64.Number,
                Syscall.madvise.Number,
                Syscall.close.Number
            );
    }

    /// <summary>
    /// Unmaps every page that still is the file's. A page written between the look and the unmapping would lose the
    /// write, so this writes nothing but its stack: no allocation, and system calls by pointer, without the bookkeeping
    /// of a P/Invoke.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void Drop(
        (nint Start, nint End)* ranges,
        int count,
        nint pageBytes,
        int pagemap,
        ulong* entries,
        nint syscall,
        nint pread,
        nint madvise,
        nint close
    )
    {
        const int MADV_DONTNEED = 4;
        const ulong IsPresentFilePage = 1UL << 63 | 1UL << 61; // proc_pid_pagemap(5); a changed private page is no file page
        var call = (delegate* <nint, nint, nint, nint, nint, nint, nint, nint>)syscall;
        for (int i = 0; i < count; i++)
        {
            for (nint at = ranges[i].Start; at < ranges[i].End; at += PagesAtOnce * pageBytes)
            {
                nint pages = (ranges[i].End - at) / pageBytes;
                if (pages > PagesAtOnce)
                    pages = PagesAtOnce;
                if (call(pread, pagemap, (nint)entries, pages * 8, at / pageBytes * 8, 0, 0) != pages * 8)
                    break;
                nint first = 0;
                while (first < pages)
                {
                    nint end = first;
                    while (end < pages && (entries[end] & IsPresentFilePage) == IsPresentFilePage)
                        end++;
                    if (end > first)
                        call(madvise, at + first * pageBytes, (end - first) * pageBytes, MADV_DONTNEED, 0, 0, 0);
                    first = end + 1;
                }
            }
        }
        call(close, pagemap, 0, 0, 0, 0, 0); // here, because whatever runs after this brings pages back
    }

    /// <summary>Private mappings of files, with those that can be written or without.</summary>
    static (nint, nint)[] FileMappings(bool writable)
    {
        List<(nint, nint)> ranges = [];
        foreach (string line in KernelFile.Read("/proc/self/maps").Split('\n'))
        {
            // 00400000-00404000 r--p 00000000 08:01 1234      /usr/bin/skiff-runtime
            int dash = line.IndexOf('-', StringComparison.Ordinal);
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (
                dash < 0
                || space < dash
                || line[space + 4] != 'p'
                || (line[space + 2] == 'w' && !writable)
                || !line.Contains(" /", StringComparison.Ordinal)
            )
                continue;
            ranges.Add((Address(line.AsSpan(0, dash)), Address(line.AsSpan(dash + 1, space - dash - 1))));
        }
        return [.. ranges];
    }

    static nint Address(ReadOnlySpan<char> hex) => nint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
