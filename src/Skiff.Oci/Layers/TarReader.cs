// Reads a tar archive as a stream: ustar, PAX, GNU and older dialects, names and attributes as bytes.
namespace Skiff.Oci.Layers;

/// <summary>
/// Goes through an archive once, forward. Memory is bounded whatever the archive says. It reads ahead of the member it
/// shows; after <see cref="Next"/> returned null it has read the stream to its end, so that a hash of the stream is whole.
/// </summary>
/// <remarks>Every method throws InvalidDataException for a broken or hostile archive, with the reason.</remarks>
public sealed class TarReader(Stream stream)
{
    /// <summary>Bytes of all extended headers before one member.</summary>
    public const int MaxExtendedHeader = 1 << 20;

    /// <summary>Bytes of a name. PATH_MAX.</summary>
    public const int MaxName = 4096;

    readonly byte[] buffer = new byte[128 << 10];
    readonly byte[] nameBuffer = new byte[TarFormat.NameLength + TarFormat.PrefixLength + 1];
    readonly byte[] linkBuffer = new byte[TarFormat.NameLength];
    readonly TarEntry entry = new();
    readonly PaxRecords global = new();
    PaxRecords? globalOrNull;
    PaxRecords? local;
    byte[]? longName;
    byte[]? longLink;
    int extendedBytes;
    int start;
    int end;

    // Of the current member: bytes of contents not handed out yet, and the padding after them.
    long remaining;
    int padding;
    bool finished;

    /// <summary>The next member, or null at the end. The same object each time.</summary>
    public TarEntry? Next()
    {
        if (finished)
            return null;
        SkipContents();
        local = globalOrNull?.Copy();
        longName = longLink = null;
        extendedBytes = 0;
        while (true)
        {
            if (!TryReadHeader(out var header))
            {
                if (extendedBytes > 0)
                    throw Invalid("an extended header without a member");
                Finish();
                return null;
            }
            byte type = header[TarFormat.TypeFlag];
            switch (type)
            {
                case (byte)'x' or (byte)'X':
                    (local ??= new PaxRecords()).Parse(ReadExtended(header));
                    continue;
                case (byte)'g':
                    byte[] records = ReadExtended(header);
                    global.Parse(records);
                    globalOrNull = global;
                    (local ??= new PaxRecords()).Parse(records);
                    continue;
                case (byte)'L':
                    longName = TarFormat.Text(ReadExtended(header)).ToArray();
                    continue;
                case (byte)'K':
                    longLink = TarFormat.Text(ReadExtended(header)).ToArray();
                    continue;
                case (byte)'V' or (byte)'D' or (byte)'N':
                    // A volume label, GNU's list of a directory, an old long-name table: nothing to unpack.
                    SetContents(Positive(TarFormat.Number(header[TarFormat.Size]), "size"));
                    SkipContents();
                    continue;
                default:
                    Fill(header, type);
                    return entry;
            }
        }
    }

    /// <summary>
    /// The next piece of the current file's contents, at most <paramref name="max"/> bytes, empty at their end. Holes
    /// of a sparse file are not in it. Valid until the next call of any method.
    /// </summary>
    public ReadOnlySpan<byte> ReadChunk(int max = int.MaxValue)
    {
        if (remaining == 0)
            return default;
        if (start == end && !Refill())
            throw Truncated();
        int count = (int)Math.Min(Math.Min(end - start, max), remaining);
        var chunk = buffer.AsSpan(start, count);
        start += count;
        remaining -= count;
        return chunk;
    }

    /// <summary>A stream of the current file's contents, for parsers. Valid until Next.</summary>
    public Stream OpenContents() => new ContentStream(this);

    void Fill(ReadOnlySpan<byte> header, byte type)
    {
        entry.Kind = type switch
        {
            0 or (byte)'0' or (byte)'7' or (byte)'S' => TarKind.File,
            (byte)'1' => TarKind.HardLink,
            (byte)'2' => TarKind.Symlink,
            (byte)'3' => TarKind.CharacterDevice,
            (byte)'4' => TarKind.BlockDevice,
            (byte)'5' => TarKind.Directory,
            (byte)'6' => TarKind.Fifo,
            _ => throw Invalid($"a member of unknown type '{(char)type}'"),
        };
        long size = Positive(local?.Size ?? TarFormat.Number(header[TarFormat.Size]), "size");
        var name = local?.SparseName ?? local?.Path ?? longName ?? HeaderName(header);
        // Before there was a type for directories, they were files whose name ends with a slash.
        if (entry.Kind == TarKind.File && type is 0 or (byte)'0' && name.Span.EndsWith((byte)'/'))
            entry.Kind = TarKind.Directory;
        entry.Name = Bounded(TrimSlashes(name));
        entry.LinkName = Bounded(local?.LinkPath ?? longLink ?? HeaderLink(header));
        entry.Mode = (uint)TarFormat.Number(header[TarFormat.Mode]) & 0xfff;
        entry.Uid = Id(local?.Uid ?? TarFormat.Number(header[TarFormat.Uid]), "uid");
        entry.Gid = Id(local?.Gid ?? TarFormat.Number(header[TarFormat.Gid]), "gid");
        entry.Modification = local?.Modification ?? new TarTime(TarFormat.Number(header[TarFormat.Mtime]));
        entry.Access = local?.Access;
        entry.Xattrs = local?.Xattrs ?? (IReadOnlyList<TarXattr>)[];
        entry.Sparse = null;
        entry.DeviceMajor = entry.DeviceMinor = 0;
        if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice)
        {
            entry.DeviceMajor = local?.DeviceMajor ?? Id(TarFormat.Number(header[TarFormat.DeviceMajor]), "device number");
            entry.DeviceMinor = local?.DeviceMinor ?? Id(TarFormat.Number(header[TarFormat.DeviceMinor]), "device number");
        }

        // Only files have contents; some writers state the size of what a link points at.
        entry.Size = entry.Kind == TarKind.File ? size : 0;
        byte[] oldSparse = type == 'S' ? header.ToArray() : [];
        SetContents(entry.Size);
        if (entry.Kind == TarKind.File && (type == 'S' || local?.IsSparse == true))
            FillSparse(oldSparse);
    }

    void FillSparse(byte[] oldHeader)
    {
        List<TarExtent> extents;
        long size;
        if (oldHeader.Length > 0)
        {
            // These blocks come before the contents and are not counted in the size.
            (extents, size) = SparseMaps.ReadOldGnu(oldHeader, () => Take(TarFormat.Block).ToArray());
        }
        else
        {
            size = local!.SparseSize ?? throw Invalid("a sparse file without a size");
            if (local.SparseMajor == 1 && local.SparseMinor is 0 or null)
                extents = SparseMaps.ReadInline(TakeContentBlock);
            else if (local.SparseMajor is null or 0)
                extents = SparseMaps.FromNumbers(local.SparseNumbers ?? []);
            else
                throw Invalid($"sparse files of format {local.SparseMajor}.{local.SparseMinor} are not known");
        }
        SparseMaps.Check(extents, Positive(size, "size"), remaining);
        entry.Sparse = extents;
        entry.Size = size;
    }

    byte[] TakeContentBlock()
    {
        if (remaining < TarFormat.Block)
            throw Invalid("a sparse map longer than its member");
        remaining -= TarFormat.Block;
        return Take(TarFormat.Block).ToArray();
    }

    ReadOnlyMemory<byte> HeaderName(ReadOnlySpan<byte> header)
    {
        int length = 0;
        if (TarFormat.IsUstar(header))
        {
            int prefixLength = TarFormat.IsStar(header) ? 131 : TarFormat.PrefixLength;
            var prefix = TarFormat.Text(header.Slice(TarFormat.PrefixOffset, prefixLength));
            if (!prefix.IsEmpty)
            {
                prefix.CopyTo(nameBuffer);
                nameBuffer[prefix.Length] = (byte)'/';
                length = prefix.Length + 1;
            }
        }
        var name = TarFormat.Text(header[TarFormat.Name]);
        name.CopyTo(nameBuffer.AsSpan(length));
        return nameBuffer.AsMemory(0, length + name.Length);
    }

    ReadOnlyMemory<byte> HeaderLink(ReadOnlySpan<byte> header)
    {
        var link = TarFormat.Text(header[TarFormat.LinkName]);
        link.CopyTo(linkBuffer);
        return linkBuffer.AsMemory(0, link.Length);
    }

    byte[] ReadExtended(ReadOnlySpan<byte> header)
    {
        long size = TarFormat.Number(header[TarFormat.Size]);
        if (size < 0 || size > MaxExtendedHeader - extendedBytes)
            throw Invalid("extended headers are too large");
        // An empty one counts too: an archive of nothing else must end.
        extendedBytes += Math.Max((int)size, 1);
        SetContents(size);
        var content = new byte[size];
        for (int done = 0; done < content.Length; )
        {
            var chunk = ReadChunk(content.Length - done);
            chunk.CopyTo(content.AsSpan(done));
            done += chunk.Length;
        }
        SkipContents();
        return content;
    }

    // False at the end: two empty blocks, or nothing more.
    bool TryReadHeader(out ReadOnlySpan<byte> header)
    {
        header = default;
        if (!EnsureBlock())
            return false;
        header = buffer.AsSpan(start, TarFormat.Block);
        start += TarFormat.Block;
        if (!header.ContainsAnyExcept((byte)0))
        {
            if (!EnsureBlock() || !buffer.AsSpan(start, TarFormat.Block).ContainsAnyExcept((byte)0))
                return false;
            throw Invalid("data after an empty header");
        }
        if (!TarFormat.ChecksumHolds(header))
            throw Invalid("a header's checksum is wrong");
        return true;
    }

    // A whole block in the buffer. False if the stream has ended; a part of a block is an error.
    bool EnsureBlock()
    {
        while (end - start < TarFormat.Block)
        {
            if (!Refill())
                return end == start ? false : throw Truncated();
        }
        return true;
    }

    ReadOnlySpan<byte> Take(int count)
    {
        if (!EnsureBlock())
            throw Truncated();
        var block = buffer.AsSpan(start, count);
        start += count;
        return block;
    }

    void SetContents(long size)
    {
        remaining = size;
        padding = (int)(-size & (TarFormat.Block - 1));
    }

    void SkipContents()
    {
        while (remaining > 0)
            ReadChunk();
        for (; padding > 0; )
        {
            // The last member's padding may be missing together with the end of the archive.
            if (start == end && !Refill())
            {
                padding = 0;
                return;
            }
            int count = Math.Min(end - start, padding);
            start += count;
            padding -= count;
        }
    }

    bool Refill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }
        int count = stream.Read(buffer, end, buffer.Length - end);
        end += count;
        return count > 0;
    }

    // What follows the end mark is padding, but it belongs to the stream's hash.
    void Finish()
    {
        finished = true;
        start = end = 0;
        while (stream.Read(buffer) > 0) { }
    }

    static ReadOnlyMemory<byte> TrimSlashes(ReadOnlyMemory<byte> name)
    {
        int length = name.Span.TrimEnd((byte)'/').Length;
        return length == 0 ? name : name[..length];
    }

    static ReadOnlyMemory<byte> Bounded(ReadOnlyMemory<byte> name) =>
        name.Length < MaxName ? name : throw Invalid($"a name of {name.Length} bytes");

    static long Positive(long value, string what) => value >= 0 ? value : throw Invalid($"a negative {what}");

    // The highest is the kernel's "no id".
    static uint Id(long value, string what) =>
        value is >= 0 and < uint.MaxValue ? (uint)value : throw Invalid($"a {what} out of range: {value}");

    static InvalidDataException Invalid(string what) => new($"invalid tar: {what}");

    static InvalidDataException Truncated() => new("invalid tar: unexpected end of the archive");

    sealed class ContentStream(TarReader reader) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            var chunk = reader.ReadChunk(buffer.Length);
            chunk.CopyTo(buffer);
            return chunk.Length;
        }
    }
}
