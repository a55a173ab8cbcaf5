// Local sockets and epoll against the real kernel.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Xunit;

namespace Skiff.Tests.Linux.Sockets;

public sealed class UnixSocketTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-test").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Listens_in_a_directory_whose_path_is_longer_than_a_socket_address()
    {
        string deep = Path.Combine(directory, new string('d', 120));
        Directory.CreateDirectory(deep);
        using Fd listener = UnixSocket.Listen(deep, "x.sock");
        Assert.Null(UnixSocket.TryAccept(listener));
        using Fd client = UnixSocket.Connect(deep, "x.sock");
        using Fd server = UnixSocket.TryAccept(listener)!;
        Assert.Equal(Environment.ProcessId, UnixSocket.GetPeer(server).Pid);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(deep, "x.sock")));
    }

    [Fact]
    public void A_second_listener_takes_the_name_over()
    {
        using Fd first = UnixSocket.Listen(directory, "x.sock");
        using Fd second = UnixSocket.Listen(directory, "x.sock");
        using Fd client = UnixSocket.Connect(directory, "x.sock");
        Assert.Null(UnixSocket.TryAccept(first));
        using Fd? server = UnixSocket.TryAccept(second);
        Assert.NotNull(server);
    }

    [Fact]
    public void Connecting_to_nothing_says_so()
    {
        Assert.Equal(Errno.ENOENT, Assert.Throws<ErrnoException>(() => UnixSocket.Connect(directory, "no")).Errno);
        UnixSocket.Listen(directory, "x.sock").Dispose();
        Assert.Equal(Errno.ECONNREFUSED, Assert.Throws<ErrnoException>(() => UnixSocket.Connect(directory, "x.sock")).Errno);
    }

    [Fact]
    public void Descriptors_travel_with_bytes()
    {
        (Fd a, Fd b) = UnixSocket.Pair();
        (Fd read, Fd write) = FdIo.Pipe();
        using (a)
        using (b)
        using (read)
        {
            UnixSocket.Send(a, "hi"u8, [write.Number]);
            write.Dispose();
            byte[] buffer = new byte[8];
            List<Fd> received = [];
            Assert.Equal(2, UnixSocket.Receive(b, buffer, received));
            using Fd passed = Assert.Single(received);
            Assert.Equal(3, FdIo.TryWrite(passed, "abc"u8, out _));
            Assert.Equal(3, FdIo.TryRead(read, buffer, out _));
            Assert.Equal("abc", Encoding.ASCII.GetString(buffer, 0, 3));
        }
    }

    [Fact]
    public void Epoll_reports_what_is_ready_with_its_token()
    {
        using var epoll = new Epoll();
        (Fd a, Fd b) = UnixSocket.Pair();
        using (a)
        using (b)
        {
            epoll.Add(a, EpollEvents.In, 7);
            EpollReady[] ready = new EpollReady[4];
            Assert.Equal(0, epoll.Wait(ready, 0));
            FdIo.TryWrite(b, "x"u8, out _);
            Assert.Equal(1, epoll.Wait(ready, -1));
            Assert.Equal(new EpollReady(7, EpollEvents.In), ready[0]);
            epoll.Modify(a, EpollEvents.None, 7);
            Assert.Equal(0, epoll.Wait(ready, 0));
            UnixSocket.ShutdownBoth(b);
            Assert.Equal(1, epoll.Wait(ready, -1));
            Assert.True(ready[0].Events.HasFlag(EpollEvents.HangUp));
        }
    }
}
