// Names of layer entries: cleaning, whiteouts, compressions.
using System.IO.Compression;
using System.Text;
using Skiff.Oci.Layers;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Oci.Layers;

public sealed class LayerNamesTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("./a/b/", "a/b")]
    [InlineData("/abs//x/./y", "abs/x/y")]
    [InlineData("a/../b", "b")]
    [InlineData("a/b/../../c", "c")]
    [InlineData(".", "")]
    [InlineData("/", "")]
    [InlineData("", "")]
    [InlineData("a/..", "")]
    [InlineData("..a/...", "..a/...")]
    [InlineData("..", null)]
    [InlineData("../x", null)]
    [InlineData("/../x", null)]
    [InlineData("a/../../x", null)]
    [InlineData("a\0b", null)]
    public void Cleans_names(string name, string? expected)
    {
        var bytes = Encoding.Latin1.GetBytes(name);
        var cleaned = new byte[bytes.Length];
        int length = LayerPath.Clean(bytes, cleaned);
        Assert.Equal(expected, length < 0 ? null : Encoding.Latin1.GetString(cleaned, 0, length));
    }

    [Theory]
    [InlineData("file", WhiteoutKind.None, "")]
    [InlineData("x.wh.y", WhiteoutKind.None, "")]
    [InlineData(".wh.file", WhiteoutKind.Removed, "file")]
    [InlineData(".wh..hidden", WhiteoutKind.Removed, ".hidden")]
    [InlineData(".wh..wh..opq", WhiteoutKind.Opaque, "")]
    [InlineData(".wh..wh.plnk", WhiteoutKind.Ignored, null)]
    [InlineData(".wh.", WhiteoutKind.Invalid, null)]
    [InlineData(".wh..", WhiteoutKind.Invalid, null)]
    [InlineData(".wh...", WhiteoutKind.Invalid, null)]
    public void Knows_whiteouts(string name, WhiteoutKind kind, string? target)
    {
        Assert.Equal(kind, Whiteouts.Parse(Encoding.ASCII.GetBytes(name), out var hidden));
        if (target is not null)
            Assert.Equal(target, Encoding.ASCII.GetString(hidden));
    }

    [Fact]
    public void Undoes_gzip_zstd_and_nothing_by_the_first_bytes()
    {
        byte[] plain = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("layer", 1000)));
        using var gzipped = new MemoryStream();
        using (var gzip = new GZipStream(gzipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(plain);
        byte[] zstd = new ZstdSharp.Compressor(3).Wrap(plain).ToArray();
        // A skippable frame may come first.
        byte[] skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2, .. zstd];

        foreach (
            var (bytes, kind) in (ReadOnlySpan<(byte[], LayerCompression)>)
                [
                    (plain, LayerCompression.None),
                    (gzipped.ToArray(), LayerCompression.Gzip),
                    ([.. gzipped.ToArray(), .. gzipped.ToArray()], LayerCompression.Gzip),
                    (zstd, LayerCompression.Zstd),
                    (skippable, LayerCompression.Zstd),
                    ([], LayerCompression.None),
                ]
        )
        {
            using var stream = Compression.OpenDecompressor(new MemoryStream(bytes), out var found);
            using var result = new MemoryStream();
            stream.CopyTo(result);
            Assert.Equal(kind, found);
            if (bytes.Length > 0)
                Assert.Equal(plain, result.ToArray()[..plain.Length]);
        }
    }

    [Fact]
    public void Damage_is_an_InvalidDataException()
    {
        byte[] zstd = new ZstdSharp.Compressor(3).Wrap(new byte[100_000]).ToArray();
        using var gzipped = new MemoryStream();
        using (var gzip = new GZipStream(gzipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Enumerable.Range(0, 100_000).Select(i => (byte)(i * i >> 3)).ToArray());
        byte[] damaged = gzipped.ToArray();
        damaged[^6] ^= 1; // the checksum
        foreach (byte[] bytes in (byte[][])[zstd[..^4], damaged])
        {
            using var stream = Compression.OpenDecompressor(new MemoryStream(bytes), out _);
            Assert.Throws<InvalidDataException>(() => stream.CopyTo(Stream.Null));
        }
    }

    [Theory]
    [InlineData("BZh91AY", "bzip2")]
    [InlineData("\u00fd7zXZ\0\0", "xz")]
    public void Names_the_compressions_it_has_not(string start, string name)
    {
        var e = Assert.Throws<InvalidDataException>(() => Compression.Detect(Encoding.Latin1.GetBytes(start)));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Chain_ids_are_those_of_the_specification()
    {
        // image-spec: config.md: ChainID(A|B) = Digest(ChainID(A) + " " + DiffID(B))
        var a = Digest.FromSha256(new byte[32]);
        var b = Digest.FromSha256([.. Enumerable.Repeat((byte)1, 32)]);
        var chain = ChainId.Compute([a, b]);
        Assert.Equal(a, chain[0]);
        Assert.Equal(
            Digest.FromSha256(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes($"{a} {b}"))),
            chain[1]
        );
        Assert.Empty(ChainId.Compute([]));
    }
}
