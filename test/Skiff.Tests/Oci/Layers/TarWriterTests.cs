// Writing archives: what goes in comes out, and the same in is the same out.
using System.Text;
using Skiff.Oci.Layers;
using Xunit;

namespace Skiff.Tests.Oci.Layers;

public sealed class TarWriterTests
{
    static byte[] Write(params (TarEntry Entry, string Contents)[] members)
    {
        using var stream = new MemoryStream();
        var writer = new TarWriter(stream);
        foreach (var (entry, contents) in members)
        {
            entry.Size = entry.Kind == TarKind.File ? contents.Length : 0;
            writer.Begin(entry);
            writer.Write(Encoding.Latin1.GetBytes(contents));
        }
        writer.Finish();
        return stream.ToArray();
    }

    static TarEntry Entry(string name, TarKind kind = TarKind.File) =>
        new()
        {
            Kind = kind,
            Name = Encoding.Latin1.GetBytes(name),
            Mode = 0x9ed,
            Uid = 1000,
            Gid = 100,
            Modification = new TarTime(1700000000),
        };

    [Fact]
    public void Plain_members_are_plain_ustar()
    {
        byte[] archive = Write((Entry("d", TarKind.Directory), ""), (Entry("d/f"), "contents"));
        Assert.Equal(512 + 512 + 512 + 1024, archive.Length);
        var members = Tars.Read(archive);
        Assert.Equal(["d", "d/f"], members.Select(m => m.Name));
        Assert.Equal("contents"u8, members[1].Contents);
        Assert.Equal(
            (0x9edu, 1000u, 100u, new TarTime(1700000000)),
            (members[1].Mode, members[1].Uid, members[1].Gid, members[1].Modification)
        );
    }

    [Fact]
    public void What_ustar_has_no_room_for_stands_in_a_pax_header()
    {
        var entry = Entry(new string('l', 150) + "/\u00ff");
        entry.Uid = 3_000_000_000;
        entry.Gid = 4_000_000_000;
        entry.Modification = new TarTime(-2, 500_000_000);
        entry.Xattrs = [new("user.b"u8.ToArray(), [0, 10, 255]), new("user.a"u8.ToArray(), [])];
        var link = Entry("link", TarKind.Symlink);
        link.LinkName = Encoding.Latin1.GetBytes(new string('t', 300));
        var device = Entry("dev", TarKind.BlockDevice);
        (device.DeviceMajor, device.DeviceMinor) = (259, 70000);

        var members = Tars.Read(Write((entry, "x"), (link, ""), (device, "")));
        Assert.Equal(new string('l', 150) + "/\u00ff", members[0].Name);
        Assert.Equal((3_000_000_000u, 4_000_000_000u), (members[0].Uid, members[0].Gid));
        Assert.Equal(new TarTime(-2, 500_000_000), members[0].Modification);
        Assert.Equal([0, 10, 255], members[0].Xattrs["user.b"]);
        Assert.Empty(members[0].Xattrs["user.a"]);
        Assert.Equal(new string('t', 300), members[1].Link);
        Assert.Equal((259u, 70000u), (members[2].Major, members[2].Minor));
    }

    [Fact]
    public void The_same_members_are_the_same_bytes_in_whatever_order_attributes_come()
    {
        TarXattr a = new("user.a"u8.ToArray(), [1]);
        TarXattr b = new("user.b"u8.ToArray(), [2]);
        var first = Entry("f");
        first.Xattrs = [a, b];
        var second = Entry("f");
        second.Xattrs = [b, a];
        Assert.Equal(Write((first, "x")), Write((second, "x")));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(90)]
    [InlineData(91)]
    [InlineData(92)]
    [InlineData(93)]
    [InlineData(985)]
    [InlineData(986)]
    [InlineData(987)]
    [InlineData(988)]
    public void The_length_of_a_record_counts_itself(int length)
    {
        var entry = Entry("f");
        entry.Xattrs = [new("user.a"u8.ToArray(), new byte[length])];
        Assert.Equal(length, Tars.Read(Write((entry, "")))[0].Xattrs["user.a"].Length);
    }

    [Fact]
    public void Contents_must_be_as_long_as_they_were_said_to_be()
    {
        var writer = new TarWriter(new MemoryStream());
        writer.Begin(new TarEntry { Name = "a"u8.ToArray(), Size = 2 });
        Assert.Throws<InvalidOperationException>(() => writer.Write("abc"u8));
        writer.Write("a"u8);
        Assert.Throws<InvalidOperationException>(writer.Finish);
    }
}
