// The bounded pipe between a download and the thread that unpacks it.
using System.Security.Cryptography;
using Skiff.Engine.Images.Transfers;
using Xunit;

namespace Skiff.Tests.Engine.Images.Transfers;

public sealed class BlockPipeTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task FillAsync(BlockPipe pipe, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length; )
        {
            var block = BlockPipe.Rent();
            var count = Math.Min(100_000, bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(block);
            await pipe.HandOverAsync(block, count);
            at += count;
        }
        pipe.Complete();
    }

    [Fact]
    public async Task Carries_more_than_it_holds()
    {
        var bytes = RandomNumberGenerator.GetBytes(20_000_000);
        using var pipe = new BlockPipe(Stop);
        var filling = FillAsync(pipe, bytes);
        using var received = new MemoryStream();
        await Task.Run(() => pipe.CopyTo(received), Stop);
        await filling;
        Assert.Equal(bytes, received.ToArray());
        Assert.Equal(0, pipe.Read(new byte[1]));
    }

    [Fact]
    public async Task Makes_the_writer_wait_until_the_reader_gives_up()
    {
        using var pipe = new BlockPipe(Stop);
        var filling = FillAsync(pipe, new byte[20_000_000]);
        Assert.False(filling.IsCompleted);
        pipe.Abandon();
        await filling;
    }

    [Fact]
    public async Task Ends_both_sides_when_cancelled()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var full = new BlockPipe(cancel.Token);
        using var empty = new BlockPipe(cancel.Token);
        var filling = FillAsync(full, new byte[20_000_000]);
        var reading = Task.Run(() => empty.Read(new byte[1]), Stop);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => filling);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }
}
