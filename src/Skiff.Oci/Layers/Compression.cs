// The compressions of layers, told by the first bytes and undone as a stream.
using System.IO.Compression;
using ZstdSharp;

namespace Skiff.Oci.Layers;

public enum LayerCompression
{
    None,
    Gzip,
    Zstd,
}

public static class Compression
{
    /// <summary>How many first bytes tell the compression.</summary>
    public const int MagicLength = 6;

    /// <exception cref="InvalidDataException">a compression that layers may not have, by its name</exception>
    public static LayerCompression Detect(ReadOnlySpan<byte> start)
    {
        // RFC 1952, 2.3.1; RFC 8878, 3.1.1 and 3.1.2 (a skippable frame may come first)
        if (start.StartsWith<byte>([0x1f, 0x8b]))
            return LayerCompression.Gzip;
        if (start.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd]))
            return LayerCompression.Zstd;
        if (start.Length >= 4 && (start[0] & 0xf0) == 0x50 && start[1..4].SequenceEqual<byte>([0x2a, 0x4d, 0x18]))
            return LayerCompression.Zstd;
        if (start.StartsWith("BZh"u8))
            throw new InvalidDataException("layers compressed with bzip2 are not supported: use gzip or zstd");
        if (start.StartsWith<byte>([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
            throw new InvalidDataException("layers compressed with xz are not supported: use gzip or zstd");
        return LayerCompression.None;
    }

    /// <summary>
    /// A stream of the uncompressed bytes. Reads the first bytes at once. Disposing it leaves the source open; the
    /// source is read to its end when the result is.
    /// </summary>
    /// <exception cref="InvalidDataException">as for <see cref="Detect"/>; later, while reading: damaged data</exception>
    public static Stream OpenDecompressor(Stream source, out LayerCompression compression)
    {
        var start = new byte[MagicLength];
        int count = source.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        compression = Detect(start.AsSpan(0, count));
        var whole = new PrefixedStream(start.AsMemory(0, count), source);
        return compression switch
        {
            LayerCompression.Gzip => new CheckedReader(
                new GZipStream(whole, CompressionMode.Decompress, leaveOpen: true),
                "gzip"
            ),
            LayerCompression.Zstd => new CheckedReader(
                new DecompressionStream(whole, 0, checkEndOfStream: true, leaveOpen: true),
                "zstd"
            ),
            _ => whole,
        };
    }

    // Gives damage one type and a text that says what is damaged. GZipStream takes the end of its source for the end of
    // the data: a layer that was cut shows in its tar and in its DiffId.
    sealed class CheckedReader(Stream inner, string format) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            try
            {
                return inner.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
            {
                throw new InvalidDataException($"invalid {format} data", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
