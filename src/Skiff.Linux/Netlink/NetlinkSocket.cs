// A socket that speaks rtnetlink with the kernel: requests acknowledged, errors in the kernel's own words.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Linux.Native;

namespace Skiff.Linux.Netlink;

/// <summary>
/// It stays in the network namespace in which it was opened, wherever it is used from. netlink(7), rtnetlink(7).
/// </summary>
public sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>The kernel fills dumps up to 32 KiB a datagram.</summary>
    const int ReceiveBytes = 32 << 10;
    const int DumpAttempts = 8;

    readonly Lock gate = new();
    readonly Fd socket;
    byte[]? receiveBuffer;
    uint sequence;

    NetlinkSocket(Fd socket) => this.socket = socket;

    /// <summary>Opens one in the calling thread's network namespace.</summary>
    /// <exception cref="ErrnoException">EMFILE, ENFILE, ENOMEM</exception>
    public static NetlinkSocket Open() => Open(Libc.NETLINK_ROUTE);

    internal static NetlinkSocket Open(int protocol)
    {
        int number = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        var socket = new Fd((int)Libc.Check(number, "socket", "AF_NETLINK"));
        // Acknowledgements with words and without a copy of the request; a kernel that lacks them answers the number.
        int on = 1;
        _ = Libc.setsockopt(number, Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, &on, sizeof(int));
        _ = Libc.setsockopt(number, Libc.SOL_NETLINK, Libc.NETLINK_CAP_ACK, &on, sizeof(int));
        return new NetlinkSocket(socket);
    }

    /// <summary>Sends all messages in one call and waits until the kernel has answered each.</summary>
    /// <exception cref="ErrnoException">the first message that failed: EEXIST, ENODEV, EINVAL, EADDRINUSE, ...</exception>
    public void Send(NetlinkBatch batch)
    {
        if (batch.Count == 0)
            return;
        lock (gate)
        {
            uint first = Write(batch, Libc.NLM_F_ACK);
            ErrnoException? failure = null;
            for (int answered = 0; answered < batch.Count; )
            {
                var messages = new NetlinkMessages(Receive());
                while (messages.Next())
                {
                    uint index = messages.Header.Sequence - first;
                    if (messages.Header.Type != Libc.NLMSG_ERROR || index >= batch.Count)
                        continue; // the rest of a request that was given up
                    answered++;
                    failure ??= Failure(messages.Header, messages.Body, batch.Subject((int)index));
                }
            }
            if (failure is not null)
                throw failure;
        }
    }

    /// <summary>
    /// Sends a transaction of nf_tables: all messages in one call, of which only <paramref name="lastRequest"/> asks
    /// for an answer. The kernel answers after it has applied all, or none, and tells every failure besides.
    /// </summary>
    /// <exception cref="ErrnoException">the first message that failed; nothing was changed</exception>
    internal void Transact(NetlinkBatch batch, int lastRequest)
    {
        lock (gate)
        {
            uint first = Write(batch, 0);
            ErrnoException? failure = null;
            for (bool answered = false; !answered; )
            {
                var messages = new NetlinkMessages(Receive());
                while (messages.Next())
                {
                    uint index = messages.Header.Sequence - first;
                    if (messages.Header.Type != Libc.NLMSG_ERROR || index >= batch.Count)
                        continue;
                    failure ??= Failure(messages.Header, messages.Body, batch.Subject((int)index));
                    // A kernel without nf_tables refuses the frame, and answers nothing else.
                    answered |= index == lastRequest || index == 0;
                }
            }
            if (failure is not null)
                throw failure;
        }
    }

    internal delegate T? Parser<T>(ReadOnlySpan<byte> body)
        where T : class;

    /// <summary>Asks for everything of a kind, or for one thing; again if it changed while the kernel listed it.</summary>
    /// <exception cref="ErrnoException">ENODEV: there is no such thing</exception>
    internal List<T> Ask<T>(NetlinkBatch request, Parser<T> parse)
        where T : class
    {
        lock (gate)
        {
            for (int attempt = 1; ; attempt++)
            {
                uint asked = Write(request, 0);
                var found = new List<T>();
                bool complete = Collect(request, asked, found, parse);
                if (complete || attempt == DumpAttempts)
                    return found;
            }
        }
    }

    bool Collect<T>(NetlinkBatch request, uint asked, List<T> found, Parser<T> parse)
        where T : class
    {
        const ushort NLM_F_MULTI = 2;
        bool complete = true;
        for (; ; )
        {
            var messages = new NetlinkMessages(Receive());
            while (messages.Next())
            {
                var header = messages.Header;
                if (header.Sequence != asked)
                    continue;
                complete &= (header.Flags & Libc.NLM_F_DUMP_INTR) == 0;
                if (header.Type == Libc.NLMSG_ERROR)
                    throw Failure(header, messages.Body, request.Subject(0))
                        ?? new ErrnoException("netlink", request.Subject(0), Errno.ENODATA);
                if (header.Type == Libc.NLMSG_DONE)
                    return complete;
                if (parse(messages.Body) is { } item)
                    found.Add(item);
                if ((header.Flags & NLM_F_MULTI) == 0)
                    return complete;
            }
        }
    }

    /// <summary>Numbers the messages and sends them; returns the first number.</summary>
    uint Write(NetlinkBatch batch, ushort flags)
    {
        uint first = sequence + 1;
        var rest = batch.Bytes;
        fixed (byte* p = rest)
        {
            for (int at = 0; at < rest.Length; )
            {
                var header = (Libc.NetlinkHeader*)(p + at);
                header->Sequence = ++sequence;
                header->Flags |= flags;
                at += (int)(header->Length + 3 & ~3u);
            }
            nint sent;
            do sent = Libc.send(socket.Number, p, (nuint)rest.Length, 0);
            while (sent == -1 && Libc.LastErrno == Errno.EINTR);
            Libc.Check(sent, "send", "netlink");
        }
        return first;
    }

    ReadOnlySpan<byte> Receive()
    {
        receiveBuffer ??= new byte[ReceiveBytes];
        fixed (byte* p = receiveBuffer)
        {
            nint received;
            do received = Libc.recv(socket.Number, p, ReceiveBytes, 0);
            while (received == -1 && Libc.LastErrno == Errno.EINTR);
            return receiveBuffer.AsSpan(0, (int)Libc.Check(received, "recv", "netlink"));
        }
    }

    /// <summary>The error an acknowledgement carries; null if it reports success.</summary>
    internal static ErrnoException? Failure(Libc.NetlinkHeader header, ReadOnlySpan<byte> body, string subject)
    {
        // struct nlmsgerr: int error, then the header of the request (and, if not capped, the rest of it).
        int headerBytes = Unsafe.SizeOf<Libc.NetlinkHeader>();
        if (body.Length < 4 + headerBytes)
            return new ErrnoException("netlink", subject, Errno.EBADMSG);
        int error = MemoryMarshal.Read<int>(body);
        if (error == 0)
            return null;
        if ((header.Flags & Libc.NLM_F_ACK_TLVS) != 0)
        {
            uint request = MemoryMarshal.Read<Libc.NetlinkHeader>(body[4..]).Length;
            long skip = (header.Flags & Libc.NLM_F_CAPPED) != 0 ? headerBytes : request + 3L & ~3L;
            if (4 + skip <= body.Length)
            {
                var attributes = new NetlinkAttributes(body[(int)(4 + skip)..]);
                while (attributes.Next())
                    if (attributes.Type == Libc.NLMSGERR_ATTR_MSG)
                        subject = $"{subject}: {attributes.Text}";
            }
        }
        return new ErrnoException("netlink", subject, (Errno)(-error));
    }

    public void Dispose() => socket.Dispose();
}
