using Skiff.Linux;
using Skiff.Runtime.Shim;

namespace Skiff.Tests.Runtime.Shim;

public sealed class BacklogTests : IDisposable
{
    readonly string here = Directory.CreateTempSubdirectory("skiff-backlog-").FullName;

    public void Dispose() => Directory.Delete(here, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gives_back_all_bytes_in_their_order(bool withFile)
    {
        using var backlog = new Backlog();
        if (withFile)
            backlog.AllowFile(here);
        var (read, write) = FdIo.Pipe();
        using (read)
        using (write)
        {
            FdIo.SetNonBlocking(write);
            FdIo.SetNonBlocking(read);
            byte[] all = new byte[3_000_000];
            new Random(7).NextBytes(all);
            for (int at = 0; at < all.Length; at += 50_000)
                backlog.Add(all.AsSpan(at, 50_000));
            Assert.Equal(!withFile, backlog.IsFull);
            Assert.Empty(Directory.GetFiles(here));

            var got = new List<byte>();
            byte[] buffer = new byte[70_000];
            while (got.Count < all.Length)
            {
                Assert.True(backlog.TryWrite(write, out Errno error) || error == Errno.EAGAIN);
                for (int count; (count = FdIo.TryRead(read, buffer, out _)) > 0; )
                    got.AddRange(buffer.AsSpan(0, count));
            }
            Assert.Equal(all, got);
            Assert.True(backlog.IsEmpty);
            Assert.False(backlog.IsFull);
        }
    }

    [Fact]
    public void Is_full_where_no_file_can_be_made()
    {
        using var backlog = new Backlog();
        backlog.AllowFile(Path.Combine(here, "nowhere"));
        backlog.Add([1, 2, 3]);
        Assert.True(backlog.IsFull);
        backlog.Clear();
        Assert.True(backlog.IsEmpty);
    }
}
