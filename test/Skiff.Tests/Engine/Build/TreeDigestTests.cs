// What tells one tree of files from another, and what a step says of it.
using Skiff.Engine.Build;
using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Tests.Engine.Build;

public sealed class TreeDigestTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("skiff-tree-").FullName;

    public TreeDigestTests()
    {
        Directory.CreateDirectory(Path.Combine(directory, "app/lib"));
        Write("app/package.json", "{}");
        Write("app/lib/a\nb.txt", "1");
        File.CreateSymbolicLink(Path.Combine(directory, "app/link"), "lib");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    void Write(string path, string text) => File.WriteAllText(Path.Combine(directory, path), text);

    (string Digest, TreeDigest Tree) Digest(ContentDigests? known = null, Func<string, bool, bool>? skips = null)
    {
        using var root = SafePath.OpenRoot(directory);
        using var source = Assert.Single(new ContextFiles(root).Find("app"));
        var tree = new TreeDigest(owners: false, skips, known, TestContext.Current.CancellationToken);
        return (tree.Of(source), tree);
    }

    [Fact]
    public void Times_make_no_difference_and_everything_else_does()
    {
        string before = Digest().Digest;
        File.SetLastWriteTimeUtc(Path.Combine(directory, "app/package.json"), DateTime.UnixEpoch);
        Assert.Equal(before, Digest().Digest);
        File.SetUnixFileMode(Path.Combine(directory, "app/package.json"), UnixFileMode.UserRead);
        Assert.NotEqual(before, Digest().Digest);
        Assert.NotEqual(before, Digest(skips: (path, _) => path == "lib").Digest);
    }

    [Fact]
    public void Names_its_files() =>
        Assert.Equal(["lib/a\nb.txt", "link", "package.json"], Digest().Tree.Files().Select(f => f.Path));

    [Fact]
    public void A_key_says_what_changed()
    {
        StepKey Key(string below = "x", string instruction = "COPY")
        {
            var (digest, tree) = Digest();
            var key = new StepKey();
            key.Add(StepKey.Below, below);
            key.Add(StepKey.Instruction, instruction);
            key.Add("files", digest);
            key.Detail("app", tree);
            return key;
        }

        var first = Key();
        var before = first.Parts();
        Assert.Equal(first.Digest, Key().Digest);
        Assert.Equal("what it builds on changed", StepKey.Difference(before, Key(below: "y").Parts()));
        Assert.Equal("the instruction changed", StepKey.Difference(before, Key(instruction: "ADD").Parts()));
        Assert.Null(StepKey.Difference(before, Key().Parts()));
        Write("app/package.json", "{ }");
        Assert.NotEqual(first.Digest, Key().Digest);
        Assert.Equal("app/package.json changed", StepKey.Difference(before, Key().Parts()));
    }

    [Fact]
    public void A_file_is_read_again_only_when_it_changed()
    {
        var clock = new Clock();
        var known = new ContentDigests(clock);
        FileStatus Status()
        {
            using var root = SafePath.OpenRoot(Path.Combine(directory, "app"));
            Assert.Equal(Errno.None, FileAt.TryStatus(root, "package.json"u8, out var status));
            return status;
        }

        byte[] digest = new byte[32];
        var old = Status();
        known.Remember(old, digest);
        Assert.Null(known.Find(old)); // as young as this it might change again within a tick
        clock.Ahead = TimeSpan.FromSeconds(3);
        known.Remember(old, digest);
        Assert.Equal(digest, known.Find(Status()));
        Write("app/package.json", "{}"); // the same text, at another time
        Assert.Null(known.Find(Status()));
    }

    sealed class Clock : TimeProvider
    {
        internal TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + Ahead;
    }
}
