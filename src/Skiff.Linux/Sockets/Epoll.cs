// Waits for many descriptors at once.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Sockets;

/// <summary>What a descriptor is, or shall be, ready for. epoll_ctl(2). Error and HangUp are always reported.</summary>
[Flags]
public enum EpollEvents : uint
{
    None = 0,
    In = 0x1,

    /// <summary>A file of cgroup v2 has changed since it was read.</summary>
    Priority = 0x2,
    Out = 0x4,
    Error = 0x8,
    HangUp = 0x10,

    /// <summary>The peer of a stream socket will send no more.</summary>
    PeerShutdown = 0x2000,
}

/// <param name="Token">as given when the descriptor was added</param>
public readonly record struct EpollReady(int Token, EpollEvents Events);

/// <summary>An epoll instance, level-triggered. epoll(7).</summary>
public sealed unsafe class Epoll : IDisposable
{
    // struct epoll_event is packed on x86-64 (12 bytes) and only there.
    static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    static readonly int DataOffset = EventBytes - 8;

    readonly Fd fd = new((int)Libc.Check(Libc.epoll_create1(Libc.EPOLL_CLOEXEC), "epoll_create1"));
    readonly byte[] raw = new byte[32 * EventBytes];

    /// <exception cref="ErrnoException">EEXIST; EPERM: a file that is always ready (a regular one)</exception>
    public void Add(Fd watched, EpollEvents events, int token) => Control(Libc.EPOLL_CTL_ADD, watched, events, token);

    public void Modify(Fd watched, EpollEvents events, int token) => Control(Libc.EPOLL_CTL_MOD, watched, events, token);

    public void Remove(Fd watched) => Control(Libc.EPOLL_CTL_DEL, watched, EpollEvents.None, 0);

    /// <summary>Waits, at most the given time (-1: for ever); returns how many entries of <paramref name="ready"/> were filled (at most 32).</summary>
    public int Wait(Span<EpollReady> ready, int timeoutMilliseconds)
    {
        int capacity = Math.Min(ready.Length, raw.Length / EventBytes);
        long deadline = Environment.TickCount64 + timeoutMilliseconds;
        nint count;
        fixed (byte* p = raw)
        {
            while ((count = Libc.epoll_wait(fd.Number, p, capacity, timeoutMilliseconds)) == -1)
            {
                Errno errno = Libc.LastErrno;
                if (errno != Errno.EINTR)
                    throw new ErrnoException("epoll_wait", null, errno);
                if (timeoutMilliseconds > 0)
                    timeoutMilliseconds = (int)Math.Max(0, deadline - Environment.TickCount64);
            }
        }
        for (int i = 0; i < (int)count; i++)
        {
            ReadOnlySpan<byte> entry = raw.AsSpan(i * EventBytes, EventBytes);
            ready[i] = new EpollReady(
                BinaryPrimitives.ReadInt32LittleEndian(entry[DataOffset..]),
                (EpollEvents)BinaryPrimitives.ReadUInt32LittleEndian(entry)
            );
        }
        return (int)count;
    }

    public void Dispose() => fd.Dispose();

    void Control(int operation, Fd watched, EpollEvents events, int token)
    {
        byte* entry = stackalloc byte[16];
        var span = new Span<byte>(entry, 16);
        span.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)events);
        BinaryPrimitives.WriteInt32LittleEndian(span[DataOffset..], token);
        Libc.Check(Libc.epoll_ctl(fd.Number, operation, watched.Number, entry), "epoll_ctl");
    }
}
