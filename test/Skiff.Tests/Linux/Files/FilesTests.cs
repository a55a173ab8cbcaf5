// Files, directories, locks and attributes on a real file system.
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Xunit;

namespace Skiff.Tests.Linux.Files;

public sealed class FilesTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-files-").FullName;

    public void Dispose() => TreeRemoval.Remove(directory);

    string At(string name) => Path.Combine(directory, name);

    static byte[] B(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void Replaces_a_file_whole_and_leaves_nothing_beside_it()
    {
        AtomicFile.Write(At("f"), "old"u8);
        AtomicFile.Write(At("f"), "new"u8, durable: false, mode: 0x180);
        Assert.Equal("new", File.ReadAllText(At("f")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("f")));
        Assert.Single(Directory.EnumerateFileSystemEntries(directory));
        Assert.Throws<ErrnoException>(() => AtomicFile.Write(At("missing/f"), "x"u8));
    }

    [Fact]
    public void Spreads_what_is_made_in_a_directory_where_the_file_system_can()
    {
        if (!DirectorySpread.TrySet(directory))
            Assert.Skip("no such flag on this file system");
        using var list = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("lsattr", ["-d", directory]) { RedirectStandardOutput = true }
        )!;
        Assert.Contains('T', list.StandardOutput.ReadToEnd().Split(' ')[0]);
        Assert.Throws<ErrnoException>(() => DirectorySpread.TrySet(At("missing")));
    }

    [Fact]
    public void A_lock_is_held_once_and_free_after_its_holder()
    {
        using (FileLock.TryTake(At("lock")))
            Assert.Null(FileLock.TryTake(At("lock")));
        using var again = FileLock.TryTake(At("lock"));
        Assert.NotNull(again);
    }

    [Theory]
    [InlineData("../out", Containment.Beneath, Errno.EXDEV)]
    [InlineData("/", Containment.Beneath, Errno.EXDEV)]
    [InlineData("up", Containment.Beneath, Errno.EXDEV)]
    [InlineData("absolute", Containment.Beneath, Errno.EXDEV)]
    [InlineData("up", Containment.InRoot, Errno.None)]
    [InlineData("inner", Containment.Beneath, Errno.None)]
    [InlineData("inner", Containment.NoSymlinks, Errno.ELOOP)]
    [InlineData("d", Containment.NoSymlinks, Errno.None)]
    [InlineData("", Containment.Beneath, Errno.None)]
    [InlineData("missing", Containment.Beneath, Errno.ENOENT)]
    [InlineData("file", Containment.Beneath, Errno.ENOTDIR)]
    public void Paths_stay_below_their_root(string path, Containment containment, Errno expected)
    {
        Directory.CreateDirectory(At("root/d"));
        Directory.CreateDirectory(At("out"));
        File.WriteAllText(At("root/file"), "");
        File.CreateSymbolicLink(At("root/up"), "../../../../../../..");
        File.CreateSymbolicLink(At("root/absolute"), "/");
        File.CreateSymbolicLink(At("root/inner"), "d/../d");
        using var root = SafePath.OpenRoot(At("root"));
        Assert.Equal(expected, SafePath.TryOpenDirectory(root, B(path), containment, out var opened));
        opened?.Dispose();
    }

    [Fact]
    public void In_a_root_the_root_is_the_top()
    {
        Directory.CreateDirectory(At("root/etc"));
        File.WriteAllText(At("root/etc/passwd"), "ours");
        File.CreateSymbolicLink(At("root/link"), "/../../etc/passwd");
        using var root = SafePath.OpenRoot(At("root"));
        using var fd = SafePath.OpenRead(root, "link", Containment.InRoot);
        Assert.Equal(4, FileAt.Status(fd).Size);
    }

    [Fact]
    public void Names_are_bytes()
    {
        byte[] name = [0xff, (byte)'a', 0x80];
        using var root = SafePath.OpenRoot(directory);
        Assert.Equal(Errno.None, FileAt.TryCreateFile(root, name, 0x1a4, out var file));
        using (file)
            SafePath.WriteAll(file!, "abc"u8);
        Assert.Equal(Errno.EEXIST, FileAt.TryCreateFile(root, name, 0x1a4, out _));
        using var listing = SafePath.OpenRoot(directory);
        var entry = Assert.Single(DirectoryReader.ReadAll(listing));
        Assert.Equal(name, entry.Name);
        Assert.Throws<ErrnoException>(() => FileAt.TryRemove(root, "a\0b"u8, false));
    }

    [Fact]
    public void Sets_modes_times_and_links()
    {
        using var root = SafePath.OpenRoot(directory);
        FileAt.TryCreateFile(root, "f"u8, 0x180, out var file);
        file!.Dispose();
        FileAt.SetMode(root, "f"u8, 0x9ed);
        FileAt.SetTimes(root, "f"u8, new FileTime(5), new FileTime(-1, 999_999_999));
        Assert.Equal(Errno.None, FileAt.TryLink(root, "f"u8, root, "g"u8));
        Assert.Equal(Errno.None, FileAt.TryMakeSymlink(root, "l"u8, "to"u8));
        Assert.Equal(Errno.None, FileAt.TryMakeNode(root, "p"u8, (uint)FileKind.Fifo | 0x1a4, 0, 0));
        FileAt.TryStatus(root, "g"u8, out var status);
        Assert.Equal((0x9edu, 2u, new FileTime(-1, 999_999_999)), (status.Mode, status.Links, status.Modification));
        Assert.Equal("to"u8, FileAt.ReadLink(root, "l"u8));
        FileAt.TryStatus(root, "p"u8, out status);
        Assert.Equal(FileKind.Fifo, status.Kind);
    }

    [Fact]
    public void Attributes_are_bytes()
    {
        using var root = SafePath.OpenRoot(directory);
        FileAt.TryCreateFile(root, "f"u8, 0x180, out var created);
        using var file = created!;
        Errno errno = Xattr.TrySet(file, "user.k"u8, [0, 255, 10]);
        if (errno == Errno.EOPNOTSUPP)
            Assert.Skip("the file system of the temporary directory has no user attributes");
        Assert.Equal(Errno.None, errno);
        Assert.Equal(Errno.None, Xattr.TrySet(root, "f"u8, "user.large"u8, new byte[2000]));
        Assert.Equal([0, 255, 10], Xattr.Get(file, "user.k"u8));
        Assert.Equal(2000, Xattr.Get(file, "user.large"u8)!.Length);
        Assert.Null(Xattr.Get(file, "user.none"u8));
        Assert.Equal(["user.k", "user.large"], Xattr.List(file).Select(Encoding.ASCII.GetString).Order());
    }

    [Fact]
    public void Removes_a_tree_but_not_what_its_links_point_at()
    {
        Directory.CreateDirectory(At("tree/a/b"));
        Directory.CreateDirectory(At("kept"));
        File.WriteAllText(At("kept/file"), "");
        File.CreateSymbolicLink(At("tree/a/link"), At("kept"));
        File.WriteAllText(At("tree/a/b/file"), "");
        TreeRemoval.Remove(At("tree"));
        TreeRemoval.Remove(At("tree"));
        TreeRemoval.Remove(At("nowhere/at/all"));
        Assert.Equal([At("kept")], Directory.EnumerateFileSystemEntries(directory));
        Assert.True(File.Exists(At("kept/file")));
    }

    [Fact]
    public void Removes_trees_deeper_than_a_process_may_open_files()
    {
        using var root = SafePath.OpenRoot(directory);
        FileAt.TryMakeDirectory(root, "deep"u8, 0x1ed);
        FileAt.TryOpenDirectory(root, "deep"u8, out var at);
        for (int i = 0; i < 1500; i++)
        {
            Assert.Equal(Errno.None, FileAt.TryMakeDirectory(at!, "d"u8, 0x1ed));
            FileAt.TryOpenDirectory(at!, "d"u8, out var next);
            at!.Dispose();
            at = next;
        }
        at!.Dispose();
        TreeRemoval.Remove(At("deep"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory));
    }
}
