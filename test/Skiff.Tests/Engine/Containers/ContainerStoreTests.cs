using Skiff.Engine;
using Skiff.Engine.Bundles;
using Skiff.Engine.Containers;
using Skiff.Engine.Storage;
using Skiff.Oci.Names;
using Xunit;

namespace Skiff.Tests.Engine.Containers;

public sealed class ContainerStoreTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory().FullName;
    readonly Database database;
    readonly ContainerStore store;

    public ContainerStoreTests()
    {
        database = new Database(Path.Combine(directory, "skiff.db"));
        store = new ContainerStore(database);
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    static Container Made(string id, string name) =>
        new()
        {
            Id = id.PadRight(64, '0'),
            Name = name,
            Created = DateTimeOffset.UnixEpoch,
            ImageName = "busybox",
            ImageId = Digest.Parse("sha256:" + new string('a', 64)),
            Config = new ContainerConfig { Cmd = ["sh"], Env = ["A=b"] },
            Host = new HostSettings { MemoryBytes = 1 << 30 },
        };

    [Fact]
    public void Finds_by_id_name_slash_name_and_prefix()
    {
        var live = store.Add(Made("abc1", "one"), []);
        store.Add(Made("abd2", "two"), []);
        foreach (string wanted in (string[])[live.Id, "one", "/one", "abc"])
            Assert.Same(live, store.Find(wanted));
        Assert.Null(store.Find("three"));
        Assert.Null(store.Find(""));
    }

    [Fact]
    public void An_ambiguous_prefix_is_an_error()
    {
        store.Add(Made("abc1", "one"), []);
        store.Add(Made("abd2", "two"), []);
        var error = Assert.Throws<EngineException>(() => store.Find("ab"));
        Assert.Equal(ErrorKind.InvalidParameter, error.Kind);
    }

    [Fact]
    public void A_taken_name_is_a_conflict_that_names_its_holder()
    {
        var live = store.Add(Made("abc1", "one"), []);
        var error = Assert.Throws<EngineException>(() => store.Add(Made("abd2", "one"), []));
        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Contains(live.Id, error.Message, StringComparison.Ordinal);
        Assert.Throws<EngineException>(() => store.Rename(store.Add(Made("abd2", "two"), []), "one"));
    }

    [Fact]
    public void Everything_is_there_again_after_a_restart()
    {
        var live = store.Add(Made("abc1", "one"), [new JournalEntry("o", ResourceKind.Directory, "/d")]);
        store.Save(
            live,
            live.Record with
            {
                State = new ContainerState { Status = ContainerStatus.Exited, ExitCode = 7 },
            }
        );
        store.Rename(live, "renamed");
        var again = new ContainerStore(database).Get("renamed").Record;
        Assert.Equal((ContainerStatus.Exited, 7, 1L << 30), (again.State.Status, again.State.ExitCode, again.Host.MemoryBytes));
        Assert.Equal(["sh"], again.Config.Cmd!);
        Assert.Null(again.Config.Entrypoint);
        Assert.Single(new Journal(database).Of("o"));
    }

    [Fact]
    public void A_removed_container_is_gone_and_its_name_is_free()
    {
        store.Remove(store.Add(Made("abc1", "one"), []));
        Assert.Null(store.Find("one"));
        store.Add(Made("abd2", "one"), []);
        Assert.Single(new ContainerStore(database).All());
    }
}
