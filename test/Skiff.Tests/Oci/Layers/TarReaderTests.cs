// Reading archives that real programs wrote.
using Skiff.Oci.Layers;
using Xunit;
using static Skiff.Tests.Oci.Layers.Tars;

namespace Skiff.Tests.Oci.Layers;

public sealed class TarReaderTests
{
    static readonly string Long = new('n', 200);

    static Member Named(List<Member> members, string name) => members.Single(m => m.Name == name);

    [Theory]
    [InlineData("gnu")]
    [InlineData("oldgnu")]
    [InlineData("pax")]
    public void Reads_what_GNU_tar_writes(string archive)
    {
        var members = Read(Corpus(archive));
        Assert.Equal(TarKind.Directory, Named(members, "./d").Kind);
        var file = Named(members, "./d/file");
        Assert.Equal("hello\n"u8, file.Contents);
        Assert.Equal(0x9edu, file.Mode);
        Assert.Equal(981173106, file.Modification.Seconds);
        var hard = Named(members, "./d/hard");
        Assert.Equal((TarKind.HardLink, "./d/file", 0L), (hard.Kind, hard.Link, hard.Size));
        Assert.Equal("../target", Named(members, "./d/sym").Link);
        Assert.Equal(new TarTime(-315619200, archive == "pax" ? 500_000_000u : 0), Named(members, "./d/sym").Modification);
        Assert.Equal($"{Long}/{Long}/{Long}", Named(members, "./d/longsym").Link);
        Assert.Equal("long\n"u8, Named(members, $"./{Long}/{Long}").Contents);
        Assert.Equal(TarKind.Fifo, Named(members, "./d/fifo").Kind);
        var device = Named(members, "./d/chr");
        Assert.Equal((TarKind.CharacterDevice, 1u, 3u), (device.Kind, device.Major, device.Minor));
        device = Named(members, "./d/blk");
        Assert.Equal((TarKind.BlockDevice, 259u, 70000u), (device.Kind, device.Major, device.Minor));
        Assert.Equal((70000u, 70001u), (Named(members, "./d/e").Uid, Named(members, "./d/e").Gid));
        Assert.Equal(
            (3000000u, 4000000u),
            (Named(members, "./d/caf\u00c3\u00a9").Uid, Named(members, "./d/caf\u00c3\u00a9").Gid)
        );
        Assert.Equal("x"u8, Named(members, "./d/\u00ff\u00fe").Contents);
    }

    [Fact]
    public void Reads_times_to_the_nanosecond_and_attributes_as_bytes_from_pax()
    {
        var file = Named(Read(Corpus("pax")), "./d/file");
        Assert.Equal(123456789u, file.Modification.Nanoseconds);
        Assert.Equal("v"u8, file.Xattrs["user.k"]);
        Assert.Equal([0, 255, 10, 61], file.Xattrs["user.bin"]);
        Assert.Equal(20, file.Xattrs["security.capability"].Length);
        Assert.Empty(Named(Read(Corpus("pax")), "./d/e").Xattrs["user.empty"]);
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("oldgnu")]
    [InlineData("sparse0.0")]
    [InlineData("sparse0.1")]
    [InlineData("sparse1.0")]
    public void Reads_sparse_files_of_every_format(string archive)
    {
        var members = Read(Corpus(archive));
        var sparse = Named(members, "./d/sparse");
        Assert.Equal(5_000_000, sparse.Size);
        var expected = new byte[5_000_000];
        "START"u8.CopyTo(expected);
        "MIDDLE"u8.CopyTo(expected.AsSpan(2_000_000));
        Assert.Equal(expected, Expand(sparse));
        Assert.True(sparse.Contents.Length < 20_000);

        var many = Expand(Named(members, "./d/many"));
        Assert.Equal(5_000_000, many.Length);
        for (int i = 0; i <= 30; i++)
            Assert.Equal($"E{i}", System.Text.Encoding.ASCII.GetString(many, i * 131072, $"E{i}".Length));
    }

    [Theory]
    [InlineData("ustar", true)]
    [InlineData("v7", false)]
    [InlineData("busybox", false)]
    public void Reads_the_simple_formats(string archive, bool devices)
    {
        var members = Read(Corpus(archive));
        Assert.Equal("hello\n"u8, Named(members, "./d/file").Contents);
        Assert.Equal(TarKind.HardLink, Named(members, "./d/hard").Kind);
        Assert.Equal("../target", Named(members, "./d/sym").Link);
        Assert.Equal(TarKind.Directory, Named(members, "./d/e").Kind);
        Assert.Equal(70000u, Named(members, "./d/e").Uid);
        if (devices)
            Assert.Equal(70000u, Named(members, "./d/blk").Minor);
        if (archive == "busybox")
            Assert.Equal("long\n"u8, Named(members, $"./{Long}/{Long}").Contents);
    }

    [Theory]
    [InlineData("pypax")]
    [InlineData("pygnu")]
    public void Reads_ids_beyond_21_bits_and_negative_times(string archive)
    {
        var members = Read(Corpus(archive));
        var big = Named(members, "biguid");
        Assert.Equal((3_000_000_000u, 4_000_000_000u), (big.Uid, big.Gid));
        Assert.Equal("x"u8, big.Contents);
        Assert.Equal(archive == "pypax" ? new TarTime(-2, 500_000_000) : new TarTime(-5), Named(members, "neg").Modification);
        Assert.Equal("data"u8, Named(members, new string(archive == "pypax" ? 'p' : 'q', 300)).Contents);
    }

    [Fact]
    public void Global_records_hold_until_a_member_says_otherwise()
    {
        var members = Read(Corpus("pyglobal"));
        Assert.All(members, m => Assert.Equal(55u, m.Uid));
        Assert.Equal([new TarTime(77, 250_000_000), new TarTime(88, 500_000_000)], members.Select(m => m.Modification));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(int.MaxValue)]
    public void The_sizes_of_reads_do_not_matter(int chunk)
    {
        var expected = Read(Corpus("pypax"));
        var actual = Read(Corpus("pypax"), chunk);
        Assert.Equal(expected.Select(m => (m.Name, m.Size)), actual.Select(m => (m.Name, m.Size)));
    }

    [Fact]
    public void Reads_the_stream_to_its_end()
    {
        byte[] archive = [.. Archive(Entry("a", contents: "x")), .. "what follows the end mark"u8];
        using var hashed = new DigestStream(new MemoryStream(archive));
        var reader = new TarReader(hashed);
        while (reader.Next() is not null) { }
        Assert.Equal(archive.Length, hashed.Count);
        Assert.Null(reader.Next());
    }

    [Fact]
    public void An_archive_may_end_without_its_mark()
    {
        Assert.Single(Read(Entry("a", contents: "x")));
        Assert.Single(Read(Entry("a", contents: "x")[..513]));
        Assert.Empty(Read([]));
    }

    [Fact]
    public void Uses_the_prefix_of_ustar_but_not_what_GNU_keeps_there()
    {
        static void Prefix(byte[] block) => "dir"u8.CopyTo(block.AsSpan(345));
        Assert.Equal("dir/name", Read(Archive(Header("name", patch: Prefix))).Single().Name);
        byte[] gnu = Header(
            "name",
            patch: b =>
            {
                Prefix(b);
                "ustar  \0"u8.CopyTo(b.AsSpan(257));
            }
        );
        Assert.Equal("name", Read(Archive(gnu)).Single().Name);
    }

    [Fact]
    public void An_old_file_with_a_slash_is_a_directory()
    {
        Assert.Equal(TarKind.Directory, Read(Archive(Header("d/", '\0'))).Single().Kind);
    }

    [Fact]
    public void Labels_and_lists_are_passed_over()
    {
        var members = Read(Archive(Entry("label", 'V'), Entry("list", 'D', "Yfile\0"), Entry("a", contents: "x")));
        Assert.Equal("a", members.Single().Name);
    }
}
