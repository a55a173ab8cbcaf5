// Layers on disk: what an archive says is there, and nothing escapes.
using System.Text;
using Skiff.Engine.Images;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Oci.Layers;
using Skiff.Tests.Oci.Layers;
using Xunit;
using static Skiff.Tests.Oci.Layers.Tars;

namespace Skiff.Tests.Engine.Images;

public sealed class LayerApplierTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-layer-").FullName;

    public LayerApplierTests()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("layers hold owners, devices and trusted attributes: only root can unpack them");
        Directory.CreateDirectory(Root);
    }

    public void Dispose() => TreeRemoval.Remove(directory);

    string Root => Path.Combine(directory, "fs");

    string At(string name) => Path.Combine(Root, name);

    List<string> Apply(params byte[][] parts) => ApplyArchive(Archive(parts));

    /// <summary>Returns the implicit directories.</summary>
    List<string> ApplyArchive(byte[] archive)
    {
        using var root = SafePath.OpenRoot(Root);
        using var applier = new LayerApplier(root);
        applier.Apply(new TarReader(new MemoryStream(archive)), CancellationToken.None);
        return [.. applier.ImplicitDirectories.Select(Encoding.UTF8.GetString)];
    }

    FileStatus Status(string path)
    {
        using var root = SafePath.OpenRoot(Path.GetDirectoryName(At(path))!);
        Assert.Equal(Errno.None, FileAt.TryStatus(root, Encoding.Latin1.GetBytes(Path.GetFileName(path)), out var status));
        return status;
    }

    byte[]? Attribute(string path, string name)
    {
        using var root = SafePath.OpenRoot(Root);
        using var file = SafePath.OpenRead(root, path, Containment.Beneath);
        return Xattr.Get(file, Encoding.ASCII.GetBytes(name));
    }

    void Refuses(string reason, params byte[][] parts)
    {
        var e = Assert.Throws<InvalidDataException>(() => Apply(parts));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(directory));
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("pax")]
    public void Unpacks_what_GNU_tar_packed(string archive)
    {
        ApplyArchive(Corpus(archive));
        Assert.Equal("hello\n", File.ReadAllText(At("d/file")));
        var file = Status("d/file");
        Assert.Equal((0x9edu, 2u, file.Inode), (file.Mode, file.Links, Status("d/hard").Inode));
        Assert.Equal(new FileTime(981173106, archive == "pax" ? 123456789u : 0), file.Modification);
        Assert.Equal("../target", new FileInfo(At("d/sym")).LinkTarget);
        Assert.Equal(-315619200, Status("d/sym").Modification.Seconds);
        Assert.Equal(FileKind.Fifo, Status("d/fifo").Kind);
        Assert.Equal((FileKind.CharacterDevice, 1u, 3u), (Status("d/chr").Kind, Status("d/chr").Major, Status("d/chr").Minor));
        Assert.Equal((FileKind.BlockDevice, 259u, 70000u), (Status("d/blk").Kind, Status("d/blk").Major, Status("d/blk").Minor));
        Assert.Equal((70000u, 70001u), (Status("d/e").Uid, Status("d/e").Gid));
        // Times of directories hold although files were put into them afterwards.
        Assert.Equal(1, Status("d").Modification.Seconds);
        Assert.Equal(1, Status("d/e").Modification.Seconds);
        if (archive == "gnu")
        {
            Assert.Equal(5_000_000, Status("d/sparse").Size);
            Assert.True(Status("d/sparse").AllocatedBytes < 100_000);
            Assert.Equal("MIDDLE", Encoding.ASCII.GetString(File.ReadAllBytes(At("d/sparse")), 2_000_000, 6));
        }
        else
        {
            Assert.Equal([0, 255, 10, 61], Attribute("d/file", "user.bin")!);
            Assert.Equal(20, Attribute("d/file", "security.capability")!.Length);
            Assert.Empty(Attribute("d/e", "user.empty")!);
        }
    }

    [Fact]
    public void Modes_are_exact_whatever_the_umask()
    {
        Apply(
            Entry("w", mode: 0x1ff),
            Entry("s", mode: 0xdff),
            Entry("none", mode: 0),
            Entry("d/", '5', mode: 0x3ff),
            Entry("g/", '5', mode: 0x5f8),
            Entry("g/f", mode: 0x1b6),
            Entry("g/sub/", '5', mode: 0x1ed)
        );
        Assert.Equal(0x1ffu, Status("w").Mode);
        Assert.Equal(0xdffu, Status("s").Mode);
        Assert.Equal(0u, Status("none").Mode);
        Assert.Equal(0x3ffu, Status("d").Mode);
        Assert.Equal((0x5f8u, 0x1b6u, 0x1edu), (Status("g").Mode, Status("g/f").Mode, Status("g/sub").Mode));
    }

    [Fact]
    public void Files_in_a_setgid_directory_keep_their_own_group()
    {
        Apply(Pax('x', ("gid", "77")), Entry("g/", '5', mode: 0x5fd), Entry("g/f"), Entry("g/d/", '5', mode: 0x1ed));
        Assert.Equal((77u, 0u, 0u), (Status("g").Gid, Status("g/f").Gid, Status("g/d").Gid));
    }

    [Fact]
    public void Whiteouts_become_devices_and_opaque_marks_attributes()
    {
        Apply(Entry("d/", '5'), Entry("d/.wh.gone"), Entry("d/.wh..wh..opq"), Entry(".wh.top"), Entry(".wh..wh.plnk/1.2"));
        Assert.True(Status("d/gone").IsWhiteout);
        Assert.True(Status("top").IsWhiteout);
        Assert.Equal("y"u8, Attribute("d", "trusted.overlay.opaque")!);
        Assert.False(Directory.Exists(At(".wh..wh.plnk")));
    }

    [Fact]
    public void A_whiteout_hides_only_the_layers_below()
    {
        Apply(
            Entry("f", contents: "ours"),
            Entry(".wh.f"),
            Entry("d/", '5'),
            Entry("d/x"),
            Entry(".wh.d"),
            Entry(".wh.e"),
            Entry("e/", '5'),
            Entry(".wh.i"),
            Entry("i/j/k"),
            Entry(".wh.r"),
            Entry("r", contents: "new")
        );
        Assert.Equal("ours", File.ReadAllText(At("f")));
        foreach (string name in (string[])["d", "e", "i"])
            Assert.Equal("y"u8, Attribute(name, "trusted.overlay.opaque")!);
        Assert.True(File.Exists(At("d/x")));
        Assert.Equal("new", File.ReadAllText(At("r")));
    }

    [Fact]
    public void Attributes_of_overlayfs_do_not_come_from_images()
    {
        Apply(
            Pax(
                'x',
                ("SCHILY.xattr.trusted.overlay.redirect", "/etc"),
                ("SCHILY.xattr.user.overlay.opaque", "y"),
                ("SCHILY.xattr.user.k", "v")
            ),
            Entry("d/", '5')
        );
        Assert.Null(Attribute("d", "trusted.overlay.redirect"));
        Assert.Null(Attribute("d", "user.overlay.opaque"));
        Assert.Equal("v"u8, Attribute("d", "user.k")!);
    }

    [Fact]
    public void Attributes_that_a_kind_of_file_cannot_have_are_passed_over()
    {
        Apply(
            Pax('x', ("SCHILY.xattr.user.k", "v")),
            Entry("l", '2', link: "x"),
            Pax('x', ("SCHILY.xattr.user.k", "v")),
            Entry("p", '6')
        );
        Assert.Equal(FileKind.Fifo, Status("p").Kind);
    }

    [Fact]
    public void The_later_of_two_entries_counts()
    {
        Apply(
            Entry("a", contents: "first"),
            Entry("a", contents: "2"),
            Entry("b/x/y"),
            Entry("b", contents: "file now"),
            Entry("c"),
            Entry("c/", '5'),
            Entry("c/d"),
            Entry("l", '2', link: "one"),
            Entry("l", '2', link: "two"),
            Entry("m/", '5', mode: 0x1c0),
            Entry("m/f"),
            Entry("m/", '5', mode: 0x1ed),
            Entry("h", '1', link: "a"),
            Entry("h", '1', link: "c/d")
        );
        Assert.Equal("2", File.ReadAllText(At("a")));
        Assert.Equal("file now", File.ReadAllText(At("b")));
        Assert.True(File.Exists(At("c/d")));
        Assert.Equal("two", new FileInfo(At("l")).LinkTarget);
        Assert.Equal(0x1edu, Status("m").Mode);
        Assert.True(File.Exists(At("m/f")));
        Assert.Equal(Status("c/d").Inode, Status("h").Inode);
    }

    [Fact]
    public void Tells_which_directories_it_made_up()
    {
        var made = Apply(Entry("a/b/f"), Entry("c/d/.wh.x"), Entry("a/b/", '5', mode: 0x1c0), Entry("e/", '5'), Entry("e/f"));
        Assert.Equal(["", "a", "c", "c/d"], made.Order(StringComparer.Ordinal));
        Assert.Equal(0x1c0u, Status("a/b").Mode);
        Assert.DoesNotContain("", Apply(Entry("./", '5')));
    }

    [Fact]
    public void Cleans_names_as_Docker_does()
    {
        Apply(Entry("/abs/f"), Entry("./rel//x/../g"), Entry("h", '1', link: "/abs/f"));
        Assert.True(File.Exists(At("abs/f")));
        Assert.True(File.Exists(At("rel/g")));
        Assert.Equal(Status("abs/f").Inode, Status("h").Inode);
    }

    [Fact]
    public void Follows_a_link_that_stays_inside()
    {
        Apply(Entry("usr/lib/", '5'), Entry("lib", '2', link: "usr/lib"), Entry("lib/f"), Entry("lib/sub/g"));
        Assert.True(File.Exists(At("usr/lib/f")));
        Assert.True(File.Exists(At("usr/lib/sub/g")));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/../x")]
    [InlineData("..")]
    public void Rejects_a_layer_entry_that_escapes_the_root(string name) =>
        Refuses($"layer entry \"{name}\" escapes the root", Entry(name));

    [Theory]
    [InlineData("..")]
    [InlineData("../../../../../../../../tmp")]
    [InlineData("/tmp")]
    [InlineData("/")]
    [InlineData("d/../..")]
    [InlineData("/proc/self/root")]
    public void Rejects_an_entry_through_a_link_out_of_the_root(string target)
    {
        Refuses("layer entry \"l/x\" escapes the root", Entry("d/", '5'), Entry("l", '2', link: target), Entry("l/x"));
        Refuses("layer entry \"l/.wh.x\" escapes the root", Entry("l", '2', link: target), Entry("l/.wh.x"));
    }

    [Fact]
    public void Rejects_a_link_through_a_link_out_of_the_root() =>
        Refuses("escapes the root", Entry("l", '2', link: "/tmp"), Entry("m", '2', link: "l"), Entry("m/n/x"));

    [Theory]
    [InlineData("../out")]
    [InlineData("l/out")]
    public void Rejects_a_hard_link_to_outside(string target)
    {
        File.WriteAllText(Path.Combine(directory, "out"), "");
        var e = Assert.Throws<InvalidDataException>(() => Apply(Entry("l", '2', link: ".."), Entry("h", '1', link: target)));
        Assert.Contains("escapes the root", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hard_link_to_a_symlink_is_the_symlink()
    {
        Apply(Entry("l", '2', link: "/etc/passwd"), Entry("h", '1', link: "l"));
        Assert.Equal("/etc/passwd", new FileInfo(At("h")).LinkTarget);
    }

    [Fact]
    public void A_file_in_the_place_of_a_link_replaces_the_link()
    {
        string outside = Path.Combine(directory, "outside");
        File.WriteAllText(outside, "theirs");
        Apply(
            Entry("l", '2', link: outside),
            Entry("l", contents: "ours"),
            Entry("k", '2', link: directory),
            Entry("k/", '5'),
            Entry("k/f")
        );
        Assert.Equal("theirs", File.ReadAllText(outside));
        Assert.Equal("ours", File.ReadAllText(At("l")));
        Assert.True(File.Exists(At("k/f")));
        Assert.False(File.Exists(Path.Combine(directory, "f")));
    }

    [Fact]
    public void Rejects_links_to_nothing_and_to_itself()
    {
        Refuses("no file of this layer", Entry("h", '1', link: "missing"));
        Refuses("no file of this layer", Entry("d/", '5'), Entry("h", '1', link: "d"));
        Refuses("links to itself", Entry("h"), Entry("h", '1', link: "./h"));
        Refuses("no valid target", Entry("l", '2'));
    }

    [Fact]
    public void Rejects_entries_below_a_file_and_odd_whiteouts()
    {
        Refuses("no directory", Entry("f"), Entry("f/x"));
        Refuses("no directory", Entry("l", '2', link: "dangling"), Entry("l/x"));
        Refuses("no directory", Entry("l", '2', link: "l"), Entry("l/x"));
        Refuses("no valid whiteout", Entry(".wh."));
        Refuses("no valid whiteout", Entry("a/.wh..."));
        Refuses("is the root", Entry(".", '2', link: "x"));
        Refuses("a name of 256 bytes", Entry("long", 'L', new string('n', 256)), Entry("x"));
    }

    [Fact]
    public void A_failing_write_names_its_entry()
    {
        var e = Assert.Throws<ErrnoException>(() =>
            Apply(Pax('x', ("GNU.sparse.size", "9223372036854775807"), ("GNU.sparse.map", "")), Entry("huge"))
        );
        Assert.Equal(Errno.EFBIG, e.Errno);
        Assert.Contains("layer entry \"huge\"", e.Message, StringComparison.Ordinal);
    }
}
