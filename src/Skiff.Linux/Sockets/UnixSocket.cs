// Stream sockets of the local machine: made, found, accepted; descriptors sent through them.
using System.Text;
using Skiff.Linux.Native;

namespace Skiff.Linux.Sockets;

/// <summary>Who is at the other end, as of its connect or listen.</summary>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid);

/// <summary>unix(7) stream sockets as descriptors. All are close-on-exec.</summary>
public static unsafe class UnixSocket
{
    /// <summary>Bytes of the longest path a socket address holds, without its NUL.</summary>
    public const int MaxPathBytes = 107;

    /// <summary>
    /// Makes a listening, non-blocking socket called <paramref name="name"/> in a directory of any path length, with
    /// mode 0600. An older socket of that name is replaced.
    /// </summary>
    /// <exception cref="ErrnoException">ENOENT: no such directory; EACCES</exception>
    public static Fd Listen(string directory, string name, int backlog = 4096)
    {
        using Fd place = FdIo.OpenPlace(directory);
        string path = $"{place.ProcPath}/{name}";
        File.Delete(path);
        Fd listener = Create(Libc.SOCK_NONBLOCK);
        try
        {
            // The mode of a socket before bind becomes that of its file: no moment at which others could connect.
            Libc.Check(Libc.fchmod(listener.Number, 0b110_000_000), "fchmod");
            byte* address = stackalloc byte[AddressBytes];
            uint length = Address(address, path);
            Libc.Check(Libc.bind(listener.Number, address, length), "bind", $"{directory}/{name}");
            Libc.Check(Libc.listen(listener.Number, backlog), "listen", $"{directory}/{name}");
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes this process the one that later connections see as their peer (<see cref="GetPeer"/>): for a listening
    /// socket that was inherited.
    /// </summary>
    public static void ListenAgain(Fd listener, int backlog = 4096) =>
        Libc.Check(Libc.listen(listener.Number, backlog), "listen");

    /// <summary>Connects, waiting if the listener's queue is full.</summary>
    /// <exception cref="ErrnoException">ENOENT: no such socket; ECONNREFUSED: nobody listens any more</exception>
    public static Fd Connect(string directory, string name)
    {
        using Fd place = FdIo.OpenPlace(directory);
        Fd socket = Create(0);
        try
        {
            byte* address = stackalloc byte[AddressBytes];
            uint length = Address(address, $"{place.ProcPath}/{name}");
            Libc.Check(Libc.connect(socket.Number, address, length), "connect", $"{directory}/{name}");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Two sockets connected with each other.</summary>
    public static (Fd First, Fd Second) Pair()
    {
        int* pair = stackalloc int[2];
        const int Type = Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC;
        Libc.Check(Libc.socketpair(Libc.AF_UNIX, Type, 0, pair), "socketpair");
        return (new Fd(pair[0]), new Fd(pair[1]));
    }

    /// <summary>Takes the next connection, non-blocking; null if none waits (or the one that did is gone again).</summary>
    /// <exception cref="ErrnoException">EMFILE, ENFILE, ENOMEM</exception>
    public static Fd? TryAccept(Fd listener)
    {
        int fd = Libc.accept4(listener.Number, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        if (fd != -1)
            return new Fd(fd);
        Errno errno = Libc.LastErrno;
        return errno is Errno.EAGAIN or Errno.ECONNABORTED or Errno.EINTR
            ? null
            : throw new ErrnoException("accept4", null, errno);
    }

    /// <summary>SO_PEERCRED.</summary>
    public static PeerCredentials GetPeer(Fd socket)
    {
        uint* credentials = stackalloc uint[3]; // struct ucred: pid, uid, gid
        uint length = 12;
        Libc.Check(
            Libc.getsockopt(socket.Number, Libc.SOL_SOCKET, Libc.SO_PEERCRED, credentials, &length),
            "getsockopt",
            "SO_PEERCRED"
        );
        return new PeerCredentials((int)credentials[0], credentials[1], credentials[2]);
    }

    /// <summary>Lets the kernel hold this many unread bytes on the way out, beyond the system's limit if we may; else nothing changes.</summary>
    public static void TrySetSendBuffer(Fd socket, int bytes) =>
        _ = Libc.setsockopt(socket.Number, Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, &bytes, sizeof(int));

    /// <summary>Says end-of-file to the peer; reading goes on.</summary>
    public static void ShutdownWrite(Fd socket) => _ = Libc.shutdown(socket.Number, Libc.SHUT_WR);

    /// <summary>Ends both directions. What was sent stays readable for the peer, its writes fail with EPIPE.</summary>
    public static void ShutdownBoth(Fd socket) => _ = Libc.shutdown(socket.Number, Libc.SHUT_RDWR);

    /// <summary>Sends bytes (at least one) and descriptors with them: SCM_RIGHTS. Returns the bytes sent.</summary>
    /// <exception cref="ErrnoException">EAGAIN, EPIPE; EINVAL: more than 253 descriptors</exception>
    public static int Send(Fd socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        // struct cmsghdr: length (8 bytes), level, type; then the numbers.
        int controlBytes = descriptors.IsEmpty ? 0 : 16 + (descriptors.Length * 4 + 7 & ~7);
        byte* control = stackalloc byte[Math.Max(controlBytes, 1)];
        if (controlBytes > 0)
        {
            new Span<byte>(control, controlBytes).Clear();
            *(nuint*)control = (nuint)(16 + descriptors.Length * 4);
            ((int*)control)[2] = Libc.SOL_SOCKET;
            ((int*)control)[3] = Libc.SCM_RIGHTS;
            descriptors.CopyTo(new Span<int>(control + 16, descriptors.Length));
        }
        fixed (byte* p = bytes)
        {
            var vector = new Libc.IoVector { Base = p, Length = (nuint)bytes.Length };
            var message = new Libc.MessageHeader
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = controlBytes > 0 ? control : null,
                ControlLength = (nuint)controlBytes,
            };
            nint sent;
            do sent = Libc.sendmsg(socket.Number, &message, Libc.MSG_NOSIGNAL);
            while (sent == -1 && Libc.LastErrno == Errno.EINTR);
            return (int)Libc.Check(sent, "sendmsg");
        }
    }

    /// <summary>
    /// Receives bytes and any descriptors that came with them (appended to <paramref name="descriptors"/>, which
    /// owns them). Returns 0 at the end.
    /// </summary>
    /// <exception cref="ErrnoException">EAGAIN, ECONNRESET; EMSGSIZE: more descriptors came than are accepted (16)</exception>
    public static int Receive(Fd socket, Span<byte> buffer, List<Fd> descriptors)
    {
        const int ControlBytes = 16 + 16 * 4;
        byte* control = stackalloc byte[ControlBytes];
        fixed (byte* p = buffer)
        {
            var vector = new Libc.IoVector { Base = p, Length = (nuint)buffer.Length };
            var message = new Libc.MessageHeader
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlBytes,
            };
            nint received;
            do received = Libc.recvmsg(socket.Number, &message, Libc.MSG_CMSG_CLOEXEC);
            while (received == -1 && Libc.LastErrno == Errno.EINTR);
            Libc.Check(received, "recvmsg");
            nuint at = 0;
            while (at + 16 <= message.ControlLength)
            {
                byte* header = control + at;
                nuint length = *(nuint*)header;
                if (length < 16 || at + length > message.ControlLength)
                    break;
                if (((int*)header)[2] == Libc.SOL_SOCKET && ((int*)header)[3] == Libc.SCM_RIGHTS)
                    for (nuint i = 16; i + 4 <= length; i += 4)
                        descriptors.Add(new Fd(*(int*)(header + i)));
                at += (length + 7) & ~(nuint)7;
            }
            return (message.Flags & Libc.MSG_CTRUNC) == 0
                ? (int)received
                : throw new ErrnoException("recvmsg", "SCM_RIGHTS", Errno.EMSGSIZE);
        }
    }

    const int AddressBytes = 110;

    static Fd Create(int flags) =>
        new((int)Libc.Check(Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC | flags, 0), "socket"));

    /// <summary>Fills a struct sockaddr_un; returns its length.</summary>
    static uint Address(byte* address, string path)
    {
        var span = new Span<byte>(address, AddressBytes);
        span.Clear();
        *(ushort*)address = Libc.AF_UNIX;
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
            throw new ErrnoException("bind", path, Errno.ENAMETOOLONG);
        return (uint)(2 + Encoding.UTF8.GetBytes(path, span[2..]) + 1);
    }
}
