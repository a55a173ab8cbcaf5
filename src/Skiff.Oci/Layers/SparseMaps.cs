// Where the data of a sparse member belongs, in the four ways that GNU tar has written it.
using System.Buffers.Text;

namespace Skiff.Oci.Layers;

/// <summary>GNU tar manual, Storing Sparse Files: the old GNU format and PAX 0.0, 0.1, 1.0.</summary>
static class SparseMaps
{
    const int MaxExtents = 1 << 20;
    const int HeaderExtents = 4;
    const int BlockExtents = 21;
    const int ExtentSize = 24;

    /// <summary>The old GNU format: four extents in the header at 386, 21 in each block that follows.</summary>
    public static (List<TarExtent> Extents, long Size) ReadOldGnu(ReadOnlySpan<byte> header, Func<byte[]> nextBlock)
    {
        var extents = new List<TarExtent>();
        long size = TarFormat.Number(header[483..495]);
        AddFields(extents, header[386..], HeaderExtents);
        for (bool more = header[482] != 0; more; )
        {
            byte[] block = nextBlock();
            AddFields(extents, block, BlockExtents);
            more = block[504] != 0;
        }
        return (extents, size);
    }

    /// <summary>PAX 0.0 and 0.1: the numbers are in the extended header.</summary>
    public static List<TarExtent> FromNumbers(List<long> numbers)
    {
        if (numbers.Count % 2 != 0)
            throw Invalid("an offset without a length");
        var extents = new List<TarExtent>(numbers.Count / 2);
        for (int i = 0; i < numbers.Count; i += 2)
            Add(extents, numbers[i], numbers[i + 1]);
        return extents;
    }

    /// <summary>PAX 1.0: decimal lines at the start of the contents, padded to a block.</summary>
    public static List<TarExtent> ReadInline(Func<byte[]> nextBlock)
    {
        byte[] block = nextBlock();
        int position = 0;
        long count = NextNumber();
        if (count > MaxExtents)
            throw Invalid("too many extents");
        var extents = new List<TarExtent>();
        for (long i = 0; i < count; i++)
        {
            long offset = NextNumber();
            Add(extents, offset, NextNumber());
        }
        return extents;

        long NextNumber()
        {
            Span<byte> digits = stackalloc byte[20];
            for (int length = 0; ; )
            {
                if (position == block.Length)
                {
                    block = nextBlock();
                    position = 0;
                }
                byte b = block[position++];
                if (b == '\n')
                    return Utf8Parser.TryParse(digits[..length], out long number, out int taken) && taken == length && number >= 0
                        ? number
                        : throw Invalid("a line is not a number");
                if (length == digits.Length)
                    throw Invalid("a line is not a number");
                digits[length++] = b;
            }
        }
    }

    /// <summary>Extents must be in order, apart, within the file, and as long together as the contents.</summary>
    public static void Check(List<TarExtent> extents, long size, long stored)
    {
        long end = 0;
        long total = 0;
        foreach (var extent in extents)
        {
            if (extent.Offset < end || extent.Length < 0 || extent.Offset > size - extent.Length)
                throw Invalid("extents overlap or lie outside of the file");
            end = extent.Offset + extent.Length;
            total += extent.Length;
        }
        if (total != stored)
            throw Invalid("the extents do not add up to the contents");
    }

    static void AddFields(List<TarExtent> extents, ReadOnlySpan<byte> fields, int count)
    {
        for (int i = 0; i < count; i++, fields = fields[ExtentSize..])
        {
            if (fields[0] == 0)
                return;
            Add(extents, TarFormat.Number(fields[..12]), TarFormat.Number(fields[12..24]));
        }
    }

    static void Add(List<TarExtent> extents, long offset, long length)
    {
        if (extents.Count == MaxExtents)
            throw Invalid("too many extents");
        extents.Add(new TarExtent(offset, length));
    }

    static InvalidDataException Invalid(string what) => new($"invalid sparse map in tar: {what}");
}
