// A stream that swells ends before the disk is full.
using Skiff.Engine;
using Skiff.Engine.Images;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public sealed class SpaceGuardTests
{
    sealed class Endless : Skiff.Oci.Layers.ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) => buffer.Length;
    }

    [Fact]
    public void Ends_where_the_reserve_begins()
    {
        string path = Path.GetTempPath();
        using var source = new Endless();
        using var open = new SpaceGuard(source, path, reserve: 0);
        var buffer = new byte[1 << 20];
        for (int i = 0; i < 100; i++)
            Assert.Equal(buffer.Length, open.Read(buffer));

        using var guarded = new SpaceGuard(source, path, reserve: long.MaxValue / 2);
        var refusal = Assert.Throws<EngineException>(() => guarded.Read(buffer));
        Assert.Equal(ErrorKind.System, refusal.Kind);
        Assert.Contains("no space left on device", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(SpaceGuard.ReserveOf(path), 1, 1L << 30);
    }
}
