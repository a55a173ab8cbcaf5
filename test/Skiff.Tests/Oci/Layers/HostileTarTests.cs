// Archives made to break a reader: each is refused with its reason.
using Skiff.Oci.Layers;
using Xunit;
using static Skiff.Tests.Oci.Layers.Tars;

namespace Skiff.Tests.Oci.Layers;

public sealed class HostileTarTests
{
    static void Refuses(string reason, params byte[][] parts)
    {
        var e = Assert.Throws<InvalidDataException>(() => Read(Archive(parts)));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    static Action<byte[]> Put(int offset, params byte[] bytes) => block => bytes.CopyTo(block, offset);

    [Fact]
    public void Refuses_a_wrong_checksum()
    {
        byte[] header = Header("a");
        header[0] = (byte)'b';
        Refuses("checksum", header);
    }

    [Fact]
    public void Refuses_text_that_is_no_archive() => Refuses("", [.. Enumerable.Repeat((byte)'x', 512)]);

    [Fact]
    public void Refuses_an_archive_cut_in_a_header_or_in_contents()
    {
        byte[] whole = Entry("a", contents: new string('x', 600));
        Assert.Throws<InvalidDataException>(() => Read(whole[..300]));
        Assert.Throws<InvalidDataException>(() => Read(whole[..700]));
    }

    [Fact]
    public void Refuses_numbers_that_are_no_octal() => Refuses("octal", Header("a", patch: Put(124, (byte)'9')));

    [Fact]
    public void Refuses_a_negative_size() =>
        Refuses("negative size", Header("a", patch: Put(124, [.. Enumerable.Repeat((byte)0xff, 12)])));

    [Fact]
    public void Refuses_a_size_beyond_63_bits() =>
        Refuses("too large", Header("a", patch: Put(124, 0x80, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)));

    [Fact]
    public void A_size_that_the_stream_does_not_have_ends_with_the_stream() =>
        Refuses("unexpected end", Header("a", patch: Put(124, 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)));

    [Fact]
    public void Refuses_ids_that_the_kernel_has_not()
    {
        Refuses("uid", Pax('x', ("uid", "4294967295")), Entry("a"));
        Refuses("gid", Header("a", patch: Put(116, [.. Enumerable.Repeat((byte)0xff, 8)])));
    }

    [Fact]
    public void Refuses_unknown_types() => Refuses("unknown type 'M'", Entry("a", 'M'));

    [Fact]
    public void Refuses_extended_headers_larger_than_a_megabyte()
    {
        Refuses("too large", Header("pax", 'x', 1 << 30));
        Refuses("too large", Header("name", 'L', (1 << 20) + 1));
        byte[] half = Entry("pax", 'x', new byte[600_000]);
        Refuses("too large", half, half);
    }

    [Fact]
    public void Refuses_names_longer_than_a_path_can_be()
    {
        Refuses("a name of", Entry("name", 'L', new string('a', 5000)), Entry("a"));
        Refuses("a name of", Pax('x', ("linkpath", new string('a', 4096))), Entry("a", '2'));
    }

    [Theory]
    [InlineData("path=a\n")]
    [InlineData("99 path=a\n")]
    [InlineData("9 path=a")]
    [InlineData("-9 path=a\n")]
    [InlineData("9 =pathaa\n")]
    [InlineData("10 patha\n\n")]
    [InlineData("99999999999999999999 path=a\n")]
    public void Refuses_records_that_are_none(string records) =>
        Refuses("extended header", Entry("pax", 'x', records), Entry("a"));

    [Theory]
    [InlineData("size", "-1")]
    [InlineData("size", "1x")]
    [InlineData("size", "99999999999999999999")]
    [InlineData("mtime", "a")]
    [InlineData("mtime", "1.x")]
    [InlineData("path", "a\0b")]
    [InlineData("GNU.sparse.map", "0,1,2,x")]
    public void Refuses_values_out_of_their_range(string key, string value) =>
        Refuses("extended header", Pax('x', (key, value)), Entry("a"));

    [Fact]
    public void Refuses_too_many_or_too_large_attributes()
    {
        Refuses("attribute", Pax('x', [.. Enumerable.Range(0, 1025).Select(i => ($"SCHILY.xattr.user.{i}", "v"))]), Entry("a"));
        Refuses("attribute", Pax('x', ("SCHILY.xattr.user.a", new string('v', 70_000))), Entry("a"));
        Refuses("attribute", Pax('x', ("SCHILY.xattr." + new string('n', 256), "v")), Entry("a"));
    }

    [Fact]
    public void Refuses_an_extended_header_without_a_member() => Refuses("without a member", Pax('x', ("path", "a")));

    [Fact]
    public void Refuses_data_behind_a_single_empty_block() => Refuses("empty header", new byte[512], Entry("a"));

    [Theory]
    [InlineData("0,10,5,10", 20)] // overlap
    [InlineData("10,5,0,5", 10)] // out of order
    [InlineData("0,5,95,10", 15)] // beyond the file
    [InlineData("0,5", 10)] // contents left over
    [InlineData("0,5,10", 5)] // an offset alone
    [InlineData("9223372036854775807,9223372036854775807", 5)]
    public void Refuses_sparse_maps_that_lie(string map, int stored) =>
        Refuses(
            "sparse map",
            Pax('x', ("GNU.sparse.size", "100"), ("GNU.sparse.map", map)),
            Entry("a", contents: new string('d', stored))
        );

    [Fact]
    public void Refuses_a_sparse_map_that_does_not_end()
    {
        byte[] pax = Pax('x', ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "100"));
        Refuses("longer than its member", pax, Entry("a", contents: "1000\n" + string.Concat(Enumerable.Repeat("0\n", 200))));
        Refuses("not a number", pax, Entry("a", contents: new string('1', 512)));
        Refuses("too many extents", pax, Entry("a", contents: "99999999\n" + new string('0', 503)));
        Refuses("not known", Pax('x', ("GNU.sparse.major", "2"), ("GNU.sparse.realsize", "1")), Entry("a"));
    }

    [Fact]
    public void Random_damage_is_an_InvalidDataException_or_nothing()
    {
        var random = new Random(1);
        foreach (string name in (string[])["pax", "gnu", "sparse1.0", "sparse0.0", "pypax", "busybox"])
        {
            byte[] archive = Corpus(name);
            for (int round = 0; round < 150; round++)
            {
                var damaged = (byte[])archive.Clone();
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    int header = random.Next(damaged.Length / 512) * 512;
                    damaged[header + random.Next(512)] = (byte)random.Next(256);
                    // A right checksum lets the damage through to where it counts.
                    if (damaged[header + 257] == 'u')
                        FixChecksum(damaged.AsSpan(header, 512));
                }
                if (random.Next(3) == 0)
                    damaged = damaged[..random.Next(damaged.Length)];
                try
                {
                    Read(damaged, int.MaxValue);
                }
                catch (InvalidDataException) { }
            }
        }
    }

    static void FixChecksum(Span<byte> header)
    {
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header)
            sum += b;
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(header[148..]);
    }
}
