using Skiff.Runtime.Launch;
using Skiff.Runtime.State;

namespace Skiff.Tests.Runtime.State;

public sealed class StateStoreTests : IDisposable
{
    readonly DirectoryInfo place = Directory.CreateTempSubdirectory("skiff-state-");
    readonly StateStore store;

    public StateStoreTests() => store = new StateStore(Path.Combine(place.FullName, "root"));

    static ContainerRecord Record(string id) => new(id, "/bundle", "1.2.1", 7, 8, IsCreating: true, DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_record_is_read_as_it_was_saved()
    {
        store.Claim(Record("a"), "{}"u8.ToArray());
        ContainerRecord changed = Record("a") with { Pid = 9, StartTicks = ulong.MaxValue, IsCreating = false };
        store.Save(changed);
        Assert.Equal(changed, store.Load("a"));
        Assert.Equal("{}"u8.ToArray(), store.Config("a"));
        Assert.Equal([changed], store.All());
    }

    [Fact]
    public void An_id_is_claimed_once_until_it_is_removed()
    {
        store.Claim(Record("a"), []);
        Assert.Throws<LaunchException>(() => store.Claim(Record("a"), []));
        store.Remove("a");
        Assert.Null(store.TryLoad("a"));
        store.Claim(Record("a"), []);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void An_id_that_could_be_a_path_is_refused(string id) =>
        Assert.Throws<LaunchException>(() => store.Claim(Record(id), []));

    public void Dispose() => place.Delete(recursive: true);
}
