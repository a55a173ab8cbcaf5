// Blobs: verified, whole or absent, resumable, safe for many at once.
using System.Security.Cryptography;
using Skiff.Engine;
using Skiff.Engine.Images;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Images;

public sealed class ContentStoreTests : IDisposable
{
    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("skiff-content-");
    readonly ContentStore store;

    public ContentStoreTests() => store = new ContentStore(new StateLayout(root.FullName, root.FullName));

    public void Dispose() => root.Delete(recursive: true);

    static Digest Hash(ReadOnlySpan<byte> bytes) => Digest.FromSha256(SHA256.HashData(bytes));

    List<string> Partials() => [.. Directory.EnumerateFiles(Path.Combine(root.FullName, "tmp", "ingest"))];

    [Fact]
    public void A_blob_is_there_when_it_is_committed_and_not_before()
    {
        var digest = Hash("blob"u8);
        using (var writer = store.OpenWriter(digest, 4))
        {
            writer.Write("bl"u8);
            writer.Write("ob"u8);
            Assert.False(store.Contains(digest));
            Assert.Null(store.Size(digest));
            Assert.Equal(digest, writer.Commit());
        }
        Assert.Equal("blob"u8, store.ReadAllBytes(digest));
        Assert.Equal(4, store.Size(digest));
        Assert.Empty(Partials());
        Assert.Equal(
            """{"imageLayoutVersion":"1.0.0"}""",
            File.ReadAllText(Path.Combine(root.FullName, "content", "oci-layout"))
        );
    }

    [Fact]
    public void A_wrong_digest_is_refused_naming_both_and_leaves_nothing()
    {
        var wanted = Hash("blob"u8);
        using (var writer = store.OpenWriter(wanted, 4))
        {
            writer.Write("blub"u8);
            var e = Assert.Throws<EngineException>(() => writer.Commit());
            Assert.Equal(ErrorKind.DataLoss, e.Kind);
            Assert.Equal($"digest mismatch: expected {wanted}, got {Hash("blub"u8)}", e.Message);
        }
        Assert.False(store.Contains(wanted));
        Assert.Empty(Partials());
    }

    [Fact]
    public void A_wrong_size_is_refused()
    {
        using (var writer = store.OpenWriter(Hash("blob"u8), 4))
        {
            writer.Write("blo"u8);
            Assert.Equal(ErrorKind.DataLoss, Assert.Throws<EngineException>(() => writer.Commit()).Kind);
        }
        using (var writer = store.OpenWriter(Hash("blob"u8), 4))
            Assert.Equal(ErrorKind.DataLoss, Assert.Throws<EngineException>(() => writer.Write("blobs"u8)).Kind);
        Assert.Empty(Partials());
    }

    [Fact]
    public void A_writer_continues_where_an_earlier_one_stopped()
    {
        var digest = Hash("blob"u8);
        using (var writer = store.OpenWriter(digest, 4))
            writer.Write("bl"u8);
        using (var writer = store.OpenWriter(digest, 4))
        {
            Assert.Equal(2, writer.Position);
            writer.Write("ob"u8);
            writer.Commit();
        }
        Assert.True(store.Contains(digest));
    }

    [Fact]
    public void A_writer_can_start_again()
    {
        var digest = Hash("blob"u8);
        using (var writer = store.OpenWriter(digest, 4))
            writer.Write("xx"u8);
        using var again = store.OpenWriter(digest, 4);
        again.Restart();
        Assert.Equal(0, again.Position);
        again.Write("blob"u8);
        again.Commit();
        Assert.Equal("blob"u8, store.ReadAllBytes(digest));
    }

    [Fact]
    public async Task Many_writers_of_one_blob_all_succeed()
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var digest = Hash(bytes);
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        using var writer = store.OpenWriter(digest, bytes.Length);
                        if (writer.Position > 0)
                            writer.Restart();
                        foreach (var part in bytes.Chunk(10_000))
                            writer.Write(part);
                        writer.Commit();
                    })
                )
        );
        Assert.Equal(bytes, store.ReadAllBytes(digest));
        Assert.Empty(Partials());
    }

    [Fact]
    public void What_is_missing_is_not_found()
    {
        var e = Assert.Throws<EngineException>(() => store.OpenRead(Hash("x"u8)));
        Assert.Equal((ErrorKind.NotFound, $"blob {Hash("x"u8)} not found"), (e.Kind, e.Message));
    }

    [Fact]
    public void Documents_are_bounded()
    {
        var digest = store.Write(new byte[(4 << 20) + 1]);
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<EngineException>(() => store.ReadAllBytes(digest)).Kind);
    }

    [Fact]
    public void A_blob_larger_than_the_disk_is_refused_at_once()
    {
        var e = Assert.Throws<EngineException>(() => store.OpenWriter(Hash("x"u8), long.MaxValue));
        Assert.Contains("no space left on device", e.Message, StringComparison.Ordinal);
        Assert.Empty(Partials());
    }

    [Fact]
    public void A_reader_keeps_its_blob_when_it_is_removed()
    {
        var digest = store.Write("blob"u8);
        using var reader = store.OpenRead(digest);
        store.Remove(digest);
        Assert.False(store.Contains(digest));
        Assert.Equal(4, reader.Read(new byte[10]));
    }
}
