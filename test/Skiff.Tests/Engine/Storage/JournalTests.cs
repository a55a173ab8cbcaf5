using Skiff.Engine.Storage;
using Xunit;

namespace Skiff.Tests.Engine.Storage;

public sealed class JournalTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory().FullName;
    readonly Database database;
    readonly Journal journal;

    public JournalTests()
    {
        database = new Database(Path.Combine(directory, "skiff.db"));
        journal = new Journal(database);
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Holds_what_was_taken_in_order_until_it_is_struck_out()
    {
        JournalEntry mount = new("c1", ResourceKind.Mount, "/m"),
            link = new("c1", ResourceKind.Link, "veth1");
        journal.Take(mount, link, new JournalEntry("c2", ResourceKind.Link, "veth2"));
        journal.Take(link); // twice is once
        Assert.Equal([mount, link], journal.Of("c1"));
        Assert.Equal(2, journal.OfKind(ResourceKind.Link).Count);
        journal.Strike(mount);
        Assert.Equal([link], journal.Of("c1"));
    }

    [Fact]
    public void A_transaction_that_fails_changes_nothing()
    {
        Assert.Throws<InvalidOperationException>(() =>
            database.Write(connection =>
            {
                Journal.Take(connection, [new JournalEntry("c1", ResourceKind.Mount, "/m")]);
                throw new InvalidOperationException();
            })
        );
        Assert.Empty(journal.All());
    }

    [Fact]
    public void A_database_of_a_newer_engine_is_refused()
    {
        database.Write("PRAGMA user_version=999");
        var error = Assert.Throws<Skiff.Engine.EngineException>(() => new Database(Path.Combine(directory, "skiff.db")));
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
    }
}
