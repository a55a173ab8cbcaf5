// Archives for tests: the corpus that real programs wrote, and bytes made by hand.
using System.IO.Compression;
using System.Text;
using Skiff.Oci.Layers;

namespace Skiff.Tests.Oci.Layers;

/// <summary>What a test wants to know of a member, copied: the reader's entry does not last.</summary>
sealed record Member(
    TarKind Kind,
    string Name,
    string Link,
    uint Mode,
    uint Uid,
    uint Gid,
    long Size,
    TarTime Modification,
    uint Major,
    uint Minor,
    IReadOnlyDictionary<string, byte[]> Xattrs,
    IReadOnlyList<TarExtent>? Sparse,
    byte[] Contents
);

static class Tars
{
    /// <summary>An archive of the corpus (see Corpus/README.md), uncompressed.</summary>
    public static byte[] Corpus(string name)
    {
        using var resource = typeof(Tars).Assembly.GetManifestResourceStream(name + ".tar.gz")!;
        using var gzip = new GZipStream(resource, CompressionMode.Decompress);
        using var copy = new MemoryStream();
        gzip.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>All members; names in Latin-1, a character a byte. The stream gives few bytes at a time.</summary>
    public static List<Member> Read(byte[] archive, int chunk = 777)
    {
        var reader = new TarReader(new Dribble(archive, chunk));
        var members = new List<Member>();
        while (reader.Next() is { } e)
        {
            var contents = new MemoryStream();
            reader.OpenContents().CopyTo(contents);
            members.Add(
                new Member(
                    e.Kind,
                    Encoding.Latin1.GetString(e.Name.Span),
                    Encoding.Latin1.GetString(e.LinkName.Span),
                    e.Mode,
                    e.Uid,
                    e.Gid,
                    e.Size,
                    e.Modification,
                    e.DeviceMajor,
                    e.DeviceMinor,
                    e.Xattrs.ToDictionary(x => Encoding.Latin1.GetString(x.Name), x => x.Value),
                    e.Sparse,
                    contents.ToArray()
                )
            );
        }
        return members;
    }

    /// <summary>The whole file behind a sparse member.</summary>
    public static byte[] Expand(Member member)
    {
        var whole = new byte[member.Size];
        int from = 0;
        foreach (var extent in member.Sparse!)
        {
            member.Contents.AsSpan(from, (int)extent.Length).CopyTo(whole.AsSpan((int)extent.Offset));
            from += (int)extent.Length;
        }
        return whole;
    }

    /// <summary>A header block with a right checksum; <paramref name="patch"/> may spoil it before.</summary>
    public static byte[] Header(
        string name,
        char type = '0',
        long size = 0,
        string link = "",
        uint mode = 0x1a4,
        Action<byte[]>? patch = null
    )
    {
        var block = new byte[512];
        Encoding.Latin1.GetBytes(name).CopyTo(block, 0);
        Field(block, 100, 8, mode);
        Field(block, 108, 8, 0);
        Field(block, 116, 8, 0);
        Field(block, 124, 12, size);
        Field(block, 136, 12, 0);
        block[156] = (byte)type;
        Encoding.Latin1.GetBytes(link).CopyTo(block, 157);
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        patch?.Invoke(block);
        Array.Fill(block, (byte)' ', 148, 8);
        Field(block, 148, 7, block.Sum(b => b));
        return block;
    }

    /// <summary>A member with its contents, padded.</summary>
    public static byte[] Entry(string name, char type = '0', string contents = "", string link = "", uint mode = 0x1a4) =>
        Entry(name, type, Encoding.Latin1.GetBytes(contents), link, mode);

    public static byte[] Entry(string name, char type, byte[] contents, string link = "", uint mode = 0x1a4) =>
        [.. Header(name, type, contents.Length, link, mode), .. contents, .. new byte[-contents.Length & 511]];

    /// <summary>An extended header of the type 'x' or 'g'.</summary>
    public static byte[] Pax(char type, params (string Key, string Value)[] records) =>
        Entry("pax", type, string.Concat(records.Select(r => Record(r.Key, r.Value))));

    /// <summary>Everything joined, with the end mark.</summary>
    public static byte[] Archive(params byte[][] parts) => [.. parts.SelectMany(p => p), .. new byte[1024]];

    static string Record(string key, string value)
    {
        int length = key.Length + value.Length + 3;
        while ($"{length}".Length + key.Length + value.Length + 3 != length)
            length++;
        return $"{length} {key}={value}\n";
    }

    static void Field(byte[] block, int offset, int length, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0')).CopyTo(block, offset);

    sealed class Dribble(byte[] bytes, int chunk) : ReadOnlyStream
    {
        int position;

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(Math.Min(buffer.Length, chunk), bytes.Length - position);
            bytes.AsSpan(position, count).CopyTo(buffer);
            position += count;
            return count;
        }
    }
}
