// A conversation with the service manager over its own socket: requests, answers, the ends of jobs.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Runtime.Launch;
using Skiff.Tasks;

namespace Skiff.Runtime.Systemd;

/// <summary>systemd refused; the name says why: "org.freedesktop.systemd1.UnitExists".</summary>
internal sealed class BusException(string name, string message) : Exception(message)
{
    public string Name { get; } = name;
}

/// <summary>org.freedesktop.systemd1(5), spoken with systemd itself: no message bus need run. Root only.</summary>
internal sealed class SystemdBus : IDisposable
{
    const string Destination = "org.freedesktop.systemd1";
    const string Path = "/org/freedesktop/systemd1";
    const string Manager = "org.freedesktop.systemd1.Manager";
    const int PatienceMilliseconds = 25_000; // as D-Bus clients have it

    readonly Fd socket;
    readonly Dictionary<string, string> endedJobs = [];
    uint serial;

    SystemdBus(Fd socket) => this.socket = socket;

    public void Dispose() => socket.Dispose();

    /// <summary>sd_booted(3).</summary>
    public static bool IsThere => Directory.Exists("/run/systemd/system");

    /// <exception cref="LaunchException">systemd does not run here</exception>
    public static SystemdBus Connect()
    {
        Fd socket;
        try
        {
            socket = UnixSocket.Connect("/run/systemd", "private");
        }
        catch (ErrnoException e)
        {
            throw new LaunchException(
                FailureKind.Other,
                $"systemd's cgroup driver: cannot reach systemd at /run/systemd/private: {ErrnoText.Of(e.Errno)}",
                e
            );
        }
        var bus = new SystemdBus(socket);
        try
        {
            // dbus-specification, Authentication Protocol: who we are the kernel tells; 30 is the user "0" in hexadecimal.
            // BEGIN goes with it: what came with a later BEGIN in one read, systemd would not look at before more comes.
            bus.Send("\0AUTH EXTERNAL 30\r\nBEGIN\r\n"u8);
            string answer = bus.ReadLine();
            if (!answer.StartsWith("OK ", StringComparison.Ordinal))
                throw new LaunchException(FailureKind.Other, $"systemd's cgroup driver: systemd does not let us in: {answer}");
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    /// <summary>Calls a method of the manager. Returns the first string of the answer, or an empty one.</summary>
    /// <param name="signature">of the body</param>
    /// <exception cref="BusException">it refuses</exception>
    public string Call(string member, string signature, BusWriter body)
    {
        uint own = ++serial;
        Send(BusMessage.Call(own, Destination, Path, Manager, member, signature, body.ToArray()));
        while (true)
        {
            BusMessage message = Receive();
            if (message.Type == BusMessage.Signal || message.ReplyTo != own)
                continue;
            string first = message.Body.Length > 0 ? new BusReader(message.Body).String() : "";
            return message.Type == BusMessage.Error ? throw new BusException(message.ErrorName, first) : first;
        }
    }

    /// <summary>Waits for the end of a job. Returns its result: "done", or else what became of it.</summary>
    public string AwaitJob(string job)
    {
        while (true)
        {
            if (endedJobs.Remove(job, out string? result))
                return result;
            Receive();
        }
    }

    /// <summary>The next message. The ends of jobs are kept: they may come before the answer that names the job.</summary>
    BusMessage Receive()
    {
        byte[] start = ReadExactly(BusMessage.StartBytes);
        byte[] rest = ReadExactly(BusMessage.LengthOf(start) - start.Length);
        BusMessage message = BusMessage.Parse([.. start, .. rest]);
        if (message is { Type: BusMessage.Signal, Member: "JobRemoved" })
        {
            var body = new BusReader(message.Body);
            body.UInt32();
            string job = body.String();
            body.String();
            endedJobs[job] = body.String();
        }
        return message;
    }

    string ReadLine()
    {
        var line = new StringBuilder();
        while (ReadExactly(1)[0] is var next && next != '\n')
        {
            line.Append((char)next);
            if (line.Length > 1000)
                throw new InvalidDataException("systemd answers in another protocol than D-Bus");
        }
        return line.ToString().TrimEnd('\r');
    }

    void Send(ReadOnlySpan<byte> bytes) => SafePath.WriteAll(socket, bytes, "/run/systemd/private");

    byte[] ReadExactly(int count)
    {
        byte[] bytes = new byte[count];
        using var epoll = new Epoll();
        epoll.Add(socket, EpollEvents.In, 0);
        Span<EpollReady> ready = stackalloc EpollReady[1];
        for (int read = 0; read < count; )
        {
            if (epoll.Wait(ready, PatienceMilliseconds) == 0)
                throw new TimeoutException("systemd does not answer");
            int more = FdIo.TryRead(socket, bytes.AsSpan(read), out Errno errno);
            if (more <= 0)
                throw new ErrnoException("read", "/run/systemd/private", errno == Errno.None ? Errno.EPIPE : errno);
            read += more;
        }
        return bytes;
    }
}
