// The records of a PAX extended header: "length key=value\n", values as bytes.
using System.Buffers.Text;
using System.Text;

namespace Skiff.Oci.Layers;

/// <summary>
/// What extended headers say of the next member. POSIX.1-2017, pax, pax Extended Header; the GNU.sparse keys are in
/// the GNU tar manual, Storing Sparse Files; SCHILY.xattr is star's, used by Go and GNU tar.
/// </summary>
sealed class PaxRecords
{
    const int MaxXattrs = 1024;

    public byte[]? Path { get; private set; }
    public byte[]? LinkPath { get; private set; }
    public long? Size { get; private set; }
    public long? Uid { get; private set; }
    public long? Gid { get; private set; }
    public TarTime? Modification { get; private set; }
    public TarTime? Access { get; private set; }
    public uint? DeviceMajor { get; private set; }
    public uint? DeviceMinor { get; private set; }
    public List<TarXattr>? Xattrs { get; private set; }

    public byte[]? SparseName { get; private set; }
    public long? SparseSize { get; private set; }
    public long? SparseMajor { get; private set; }
    public long? SparseMinor { get; private set; }

    /// <summary>Offset, length, offset, length ... of the formats 0.0 and 0.1.</summary>
    public List<long>? SparseNumbers { get; private set; }

    public bool IsSparse => SparseMajor is not null || SparseNumbers is not null || SparseSize is not null;

    /// <summary>A copy, for the member's own records on top of the archive's global ones.</summary>
    public PaxRecords Copy()
    {
        var copy = (PaxRecords)MemberwiseClone();
        if (Xattrs is not null)
            copy.Xattrs = [.. Xattrs];
        if (SparseNumbers is not null)
            copy.SparseNumbers = [.. SparseNumbers];
        return copy;
    }

    /// <exception cref="InvalidDataException">not in the form "length key=value\n", or a value out of its range</exception>
    public void Parse(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            // What follows the last record is padding of careless writers.
            if (text[0] == 0)
                return;
            if (
                !Utf8Parser.TryParse(text, out int length, out int digits)
                || length > text.Length
                || length < digits + 3
                || text[digits] != ' '
                || text[length - 1] != '\n'
            )
                throw Invalid("a record has no valid length");
            var record = text[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
                throw Invalid("a record has no key");
            Set(record[..equals], record[(equals + 1)..]);
            text = text[length..];
        }
    }

    // An empty value takes back what a global header said, except for attributes, which may be empty.
    void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("path"u8))
            Path = Name(value, "path");
        else if (key.SequenceEqual("linkpath"u8))
            LinkPath = Name(value, "linkpath");
        else if (key.SequenceEqual("size"u8))
            Size = Number(value, "size");
        else if (key.SequenceEqual("uid"u8))
            Uid = Number(value, "uid");
        else if (key.SequenceEqual("gid"u8))
            Gid = Number(value, "gid");
        else if (key.SequenceEqual("mtime"u8))
            Modification = Time(value, "mtime");
        else if (key.SequenceEqual("atime"u8))
            Access = Time(value, "atime");
        else if (key.SequenceEqual("SCHILY.devmajor"u8))
            DeviceMajor = (uint?)Number(value, "SCHILY.devmajor");
        else if (key.SequenceEqual("SCHILY.devminor"u8))
            DeviceMinor = (uint?)Number(value, "SCHILY.devminor");
        else if (key.StartsWith("SCHILY.xattr."u8))
            AddXattr(key["SCHILY.xattr.".Length..], value);
        else if (key.StartsWith("GNU.sparse."u8))
            SetSparse(key["GNU.sparse.".Length..], value);
    }

    void SetSparse(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("name"u8))
            SparseName = Name(value, "GNU.sparse.name");
        else if (key.SequenceEqual("size"u8) || key.SequenceEqual("realsize"u8))
            SparseSize = Number(value, "GNU.sparse.size");
        else if (key.SequenceEqual("major"u8))
            SparseMajor = Number(value, "GNU.sparse.major");
        else if (key.SequenceEqual("minor"u8))
            SparseMinor = Number(value, "GNU.sparse.minor");
        else if (key.SequenceEqual("offset"u8) || key.SequenceEqual("numbytes"u8))
        {
            SparseNumbers ??= [];
            bool wantsOffset = SparseNumbers.Count % 2 == 0;
            if (wantsOffset != key.SequenceEqual("offset"u8))
                throw Invalid("the sparse map is out of order");
            SparseNumbers.Add(Number(value, "GNU.sparse.offset") ?? throw Invalid("an empty GNU.sparse number"));
        }
        else if (key.SequenceEqual("map"u8))
        {
            SparseNumbers = [];
            if (!value.IsEmpty)
                foreach (var range in value.Split((byte)','))
                    SparseNumbers.Add(Number(value[range], "GNU.sparse.map") ?? throw Invalid("an empty GNU.sparse number"));
        }
    }

    void AddXattr(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // xattr(7): a name has at most 255 bytes, a value 64 KiB.
        if (name.IsEmpty || name.Length > 255 || name.Contains((byte)0) || value.Length > 64 << 10)
            throw Invalid("an extended attribute is too long");
        Xattrs ??= [];
        foreach (var (index, known) in Xattrs.Index())
        {
            if (!name.SequenceEqual(known.Name))
                continue;
            Xattrs[index] = new TarXattr(known.Name, value.ToArray());
            return;
        }
        if (Xattrs.Count == MaxXattrs)
            throw Invalid("too many extended attributes");
        Xattrs.Add(new TarXattr(name.ToArray(), value.ToArray()));
    }

    static byte[]? Name(ReadOnlySpan<byte> value, string key)
    {
        if (value.Contains((byte)0))
            throw Invalid($"{key} holds a NUL");
        return value.IsEmpty ? null : value.ToArray();
    }

    static long? Number(ReadOnlySpan<byte> value, string key)
    {
        if (value.IsEmpty)
            return null;
        return Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length && number >= 0
            ? number
            : throw Invalid($"{key} is not a number");
    }

    // "[-]seconds[.fraction]"
    static TarTime? Time(ReadOnlySpan<byte> value, string key)
    {
        if (value.IsEmpty)
            return null;
        bool negative = value[0] == '-';
        int point = value.IndexOf((byte)'.');
        var whole = point < 0 ? value : value[..point];
        if (!Utf8Parser.TryParse(whole, out long seconds, out int used) || used != whole.Length)
            throw Invalid($"{key} is not a time");
        uint nanoseconds = 0;
        if (point >= 0)
        {
            var fraction = value[(point + 1)..];
            if (fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                throw Invalid($"{key} is not a time");
            for (int i = 0; i < 9; i++)
                nanoseconds = nanoseconds * 10 + (i < fraction.Length ? (uint)(fraction[i] - '0') : 0);
        }
        if (negative && nanoseconds > 0)
            return new TarTime(seconds - 1, 1_000_000_000 - nanoseconds);
        return new TarTime(seconds, nanoseconds);
    }

    static InvalidDataException Invalid(string what) => new($"invalid tar extended header: {what}");
}
