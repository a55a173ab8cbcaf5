// Writes a tar archive as a stream: ustar, with a PAX header where ustar has no room. The same input, the same bytes.
using System.Buffers;
using System.Globalization;
using System.Text;

namespace Skiff.Oci.Layers;

/// <summary>POSIX.1-2017, pax. Nothing of the clock, the user or the machine gets into the archive.</summary>
public sealed class TarWriter(Stream stream)
{
    // The largest numbers of 7 and 11 octal digits.
    const long MaxShort = 0x1fffff;
    const long MaxLong = 0x1ffffffff;

    readonly byte[] block = new byte[TarFormat.Block];
    readonly ArrayBufferWriter<byte> records = new();
    long remaining;
    int padding;

    /// <summary>Begins a member. A file's contents, as many bytes as Size says, follow through <see cref="Write"/>.</summary>
    /// <exception cref="InvalidOperationException">the member before is not complete</exception>
    public void Begin(TarEntry entry)
    {
        EndMember();
        if (entry.Sparse is not null)
            throw new ArgumentException("sparse members are read, not written");
        WriteExtended(entry);
        byte type = entry.Kind switch
        {
            TarKind.File => (byte)'0',
            TarKind.HardLink => (byte)'1',
            TarKind.Symlink => (byte)'2',
            TarKind.CharacterDevice => (byte)'3',
            TarKind.BlockDevice => (byte)'4',
            TarKind.Directory => (byte)'5',
            _ => (byte)'6',
        };
        long size = entry.Kind == TarKind.File ? entry.Size : 0;
        WriteHeader(NameOf(entry), entry.LinkName.Span, type, entry.Mode, size, entry);
        remaining = size;
        padding = (int)(-size & (TarFormat.Block - 1));
    }

    /// <summary>Contents of the file that was begun.</summary>
    public void Write(ReadOnlySpan<byte> contents)
    {
        if (contents.Length > remaining)
            throw new InvalidOperationException("more contents than the member's size");
        stream.Write(contents);
        remaining -= contents.Length;
    }

    /// <summary>A whole file member with the mode 0644, owned by root.</summary>
    public void WriteFile(string name, ReadOnlySpan<byte> contents, TarTime modification)
    {
        Begin(
            new TarEntry
            {
                Name = Encoding.UTF8.GetBytes(name),
                Mode = 0x1a4,
                Size = contents.Length,
                Modification = modification,
            }
        );
        Write(contents);
    }

    /// <summary>Writes the end mark. The stream stays open.</summary>
    public void Finish()
    {
        EndMember();
        block.AsSpan().Clear();
        stream.Write(block);
        stream.Write(block);
        stream.Flush();
    }

    void EndMember()
    {
        if (remaining > 0)
            throw new InvalidOperationException($"{remaining} bytes of contents are missing");
        block.AsSpan().Clear();
        stream.Write(block.AsSpan(0, padding));
        padding = 0;
    }

    void WriteExtended(TarEntry entry)
    {
        records.Clear();
        var name = NameOf(entry);
        // In the order of the keys, so that equal members are equal bytes.
        var modification = entry.Modification;
        foreach (var xattr in entry.Xattrs.OrderBy(x => Encoding.Latin1.GetString(x.Name), StringComparer.Ordinal))
            AddRecord([.. "SCHILY.xattr."u8, .. xattr.Name], xattr.Value);
        if (entry.Access is { } access)
            AddRecord("atime"u8, Time(access));
        if (entry.Gid > MaxShort)
            AddRecord("gid"u8, Number(entry.Gid));
        if (entry.LinkName.Length > TarFormat.NameLength)
            AddRecord("linkpath"u8, entry.LinkName.Span);
        if (modification.Nanoseconds != 0 || modification.Seconds is < 0 or > MaxLong)
            AddRecord("mtime"u8, Time(modification));
        if (name.Length > TarFormat.NameLength)
            AddRecord("path"u8, name);
        if (entry.Kind == TarKind.File && entry.Size > MaxLong)
            AddRecord("size"u8, Number(entry.Size));
        if (entry.Uid > MaxShort)
            AddRecord("uid"u8, Number(entry.Uid));
        if (records.WrittenCount == 0)
            return;

        WriteHeader("PaxHeaders.0/x"u8, default, (byte)'x', 0x1a4, records.WrittenCount, null);
        stream.Write(records.WrittenSpan);
        block.AsSpan().Clear();
        stream.Write(block.AsSpan(0, -records.WrittenCount & (TarFormat.Block - 1)));
    }

    // "length key=value\n", where the length counts its own digits.
    void AddRecord(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + 1;
        while (length != rest + Digits(length))
            length = rest + Digits(length);
        records.Write(Encoding.ASCII.GetBytes($"{length} "));
        records.Write(key);
        records.Write("="u8);
        records.Write(value);
        records.Write("\n"u8);
    }

    void WriteHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> link, byte type, uint mode, long size, TarEntry? entry)
    {
        var header = block.AsSpan();
        header.Clear();
        Truncated(name).CopyTo(header);
        Octal(header[TarFormat.Mode], mode);
        Octal(header[TarFormat.Uid], Fitting(entry?.Uid ?? 0, MaxShort));
        Octal(header[TarFormat.Gid], Fitting(entry?.Gid ?? 0, MaxShort));
        Octal(header[TarFormat.Size], Fitting(size, MaxLong));
        Octal(header[TarFormat.Mtime], Fitting(entry?.Modification.Seconds ?? 0, MaxLong));
        header[TarFormat.TypeFlag] = type;
        Truncated(link).CopyTo(header[TarFormat.LinkName]);
        "ustar\000"u8.CopyTo(header[TarFormat.Magic]);
        if (entry is { Kind: TarKind.CharacterDevice or TarKind.BlockDevice })
        {
            Octal(header[TarFormat.DeviceMajor], entry.DeviceMajor);
            Octal(header[TarFormat.DeviceMinor], entry.DeviceMinor);
        }
        int sum = TarFormat.Sum(header);
        Octal(header.Slice(148, 7), sum);
        header[155] = (byte)' ';
        stream.Write(header);
    }

    static byte[] NameOf(TarEntry entry) =>
        entry.Kind == TarKind.Directory && !entry.Name.Span.EndsWith((byte)'/')
            ? [.. entry.Name.Span, (byte)'/']
            : entry.Name.ToArray();

    static ReadOnlySpan<byte> Truncated(ReadOnlySpan<byte> name) => name[..Math.Min(name.Length, TarFormat.NameLength)];

    // What does not fit stands in the PAX header; here it is left 0.
    static long Fitting(long value, long max) => value >= 0 && value <= max ? value : 0;

    static void Octal(Span<byte> field, long value)
    {
        field[^1] = 0;
        for (int i = field.Length - 2; i >= 0; i--, value >>= 3)
            field[i] = (byte)('0' + (value & 7));
    }

    static int Digits(int value) => value.ToString(CultureInfo.InvariantCulture).Length;

    static byte[] Number(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    static byte[] Time(TarTime time)
    {
        // A negative time with a fraction: -1.5 is -2 seconds and half a second.
        if (time is { Seconds: < 0, Nanoseconds: > 0 })
            return Encoding.ASCII.GetBytes($"-{-(time.Seconds + 1)}.{1_000_000_000 - time.Nanoseconds:D9}");
        return Encoding.ASCII.GetBytes(time.Nanoseconds == 0 ? $"{time.Seconds}" : $"{time.Seconds}.{time.Nanoseconds:D9}");
    }
}
