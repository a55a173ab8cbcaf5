// A layer of everything that archives can hold, unpacked by umoci and by us, in every form that skopeo can bring it in.
using System.Security.Cryptography;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Mounts;
using Skiff.SystemTests.Harness;

namespace Skiff.SystemTests;

public sealed class RoundTripTests(Port port) : IDisposable
{
    readonly EngineUnderTest engine = new();
    readonly string directory = Directory.CreateTempSubdirectory("skiff-round-trip-").FullName;

    public void Dispose()
    {
        engine.Dispose();
        TreeRemoval.Remove(directory);
    }

    const string Base = """
        set -e; umask 022; mkdir -p a/b opq/sub gone/deep replaced keep; cd a
        echo x >file; ln file hard; ln -s /abs/x sym; mknod null c 1 3; mknod loop b 7 200; mkfifo fifo
        n=$(printf 'n%.0s' $(seq 220)); echo long >$n; mkdir -p $n.d/$n.d/$n.d; echo deep >$n.d/$n.d/$n.d/f; ln -s $n/$n sym2
        echo umlaut >"$(printf 'gr\303\274n')"; echo latin >"$(printf 'gr\374n')"; echo nl >"$(printf 'a\nb')"
        truncate -s 50M sparse; printf mid | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none
        echo big >big; chown 3000000:4000000000 big; chmod 4755 hard; mkdir -m 1777 sticky; mkdir -m 2750 setgid
        echo t >ns; touch -d '2001-02-03 04:05:06.789012345' ns; touch -h -d '1999-01-01 00:00:00.5' sym; echo old >before; touch -d '1960-01-01' before
        : >empty; cd ..; echo 1 >opq/one; echo 2 >opq/sub/two; echo g >gone/deep/file; echo r >replaced/f; echo k >keep/k
        """;

    const string Upper = """
        set -e; umask 022; mkdir -p opq a; : >.wh.gone; : >opq/.wh..wh..opq; echo 3 >opq/three; echo now a file >replaced
        echo changed >a/file; : >a/.wh.empty; mkdir -p keep/new; ln -s ../a keep/link
        """;

    string In(string name) => Path.Combine(directory, name);

    static void Sh(string script, string where) => Command.Run("bash", "-c", $"cd '{where}'; {script}").Expect();

    void MakeLayout()
    {
        Directory.CreateDirectory(In("base"));
        Directory.CreateDirectory(In("upper"));
        Sh(Base, In("base"));
        using (var root = SafePath.OpenRoot(In("base/a")))
        {
            Assert.Equal(Errno.None, Xattr.TrySet(root, "ns"u8, "user.bytes"u8, [0, 0xff, 10, (byte)'=']));
            // VFS_CAP_REVISION_2: CAP_NET_RAW, permitted and effective.
            byte[] capability = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            Assert.Equal(Errno.None, Xattr.TrySet(root, "before"u8, "security.capability"u8, capability));
        }
        Sh(Upper, In("upper"));
        Sh(
            """
            set -e
            tar --format=pax --xattrs --xattrs-include='*' --sparse --numeric-owner -cf base.tar -C base .
            tar --format=gnu --numeric-owner -cf upper.tar -C upper .
            umoci init --layout layout; umoci new --image layout:t
            umoci raw add-layer --image layout:t base.tar; umoci raw add-layer --image layout:t upper.tar
            umoci unpack --image layout:t bundle
            """,
            directory
        );
    }

    List<string> Ours(string image)
    {
        string? chain = null;
        var lowers = new List<string>();
        foreach (
            string diff in engine
                .Skiff("inspect", "-f", "{{range .RootFS.Layers}}{{println .}}{{end}}", image)
                .Expect()
                .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        )
        {
            chain = chain is null
                ? diff
                : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{chain} {diff}")));
            lowers.Insert(0, $"lowerdir+={engine.DataRoot}/snapshots/{chain[7..]}/fs");
        }
        Assert.Equal(2, lowers.Count);
        using var overlay = Overlay.FromOneOption(lowers, default);
        return TreeListing.Of($"/proc/self/fd/{overlay.Number}/.");
    }

    [Fact]
    public void Everything_a_layer_can_hold_is_unpacked_as_umoci_does_it()
    {
        MakeLayout();
        var expected = TreeListing.Of(In("bundle/rootfs"));
        Assert.Contains(expected, l => l.StartsWith("/a/big Regular 644 3000000:4000000000", StringComparison.Ordinal));
        Assert.DoesNotContain(
            expected,
            l => l.StartsWith("/gone", StringComparison.Ordinal) || l.StartsWith("/opq/one", StringComparison.Ordinal)
        );
        string repository = $"{port.Registry.Host}/round/trip";
        (string Tag, string[] Flags)[] forms =
        [
            ("gzip", []),
            ("zstd", ["--dest-compress-format", "zstd"]),
            ("docker", ["--format", "v2s2"]),
        ];
        foreach (var (tag, flags) in forms)
        {
            string[] target = ["--dest-tls-verify=false", $"oci:{In("layout")}:t", $"docker://{repository}:{tag}"];
            Command.Run("skopeo", ["copy", "-q", .. flags, .. target]).Expect();
            engine.Skiff("pull", "-q", $"{repository}:{tag}").Expect();
            Assert.Equal(expected, Ours($"{repository}:{tag}"));
            Assert.Contains("no fault found", engine.Skiff("system", "check").Expect().Text, StringComparison.Ordinal);
            engine.Skiff("rmi", $"{repository}:{tag}").Expect();
        }

        Command
            .Run("skopeo", "copy", "-q", $"oci:{In("layout")}:t", $"docker-archive:{In("plain.tar")}:round/trip:plain")
            .Expect();
        engine.Skiff("load", "-q", "-i", In("plain.tar")).Expect();
        Assert.Equal(expected, Ours("round/trip:plain"));
        // And out again: what others read of ours is the same.
        engine.Skiff("save", "-o", In("saved.tar"), "round/trip:plain").Expect();
        Command.Run("skopeo", "copy", "-q", $"docker-archive:{In("saved.tar")}", $"oci:{In("again")}:t").Expect();
        Sh("umoci unpack --image again:t other", directory);
        Assert.Equal(expected, TreeListing.Of(In("other/rootfs")));
        engine.Skiff("tag", "round/trip:plain", $"{repository}:pushed").Expect();
        engine.Skiff("push", "-q", $"{repository}:pushed").Expect();
        Command
            .Run("skopeo", "copy", "-q", "--src-tls-verify=false", $"docker://{repository}:pushed", $"oci:{In("third")}:t")
            .Expect();
        Sh("umoci unpack --image third:t more", directory);
        Assert.Equal(expected, TreeListing.Of(In("more/rootfs")));
    }
}
